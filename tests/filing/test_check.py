"""The check of a person's own words and files: what gives them away or blames, however it is written."""

import hashlib
from dataclasses import replace

import pytest

from jalerte_desktop.filing.alert import compose_alert, preview_alert
from jalerte_desktop.filing.drafts import Draft
from jalerte_desktop.filing.model import Attachment
from jalerte_desktop.words.errors_papers import say_warning
from tests import examples
from tests.documents.paper_cases import MARIE, PARIS, marie
from tests.filing.test_photos import MAY_TELL, SILENT, TELL


def codes(text, case=MARIE, confirmed=True, **more):
    found = examples.ordinary()
    if not confirmed:
        line = replace(examples.HOME, home=None, operator=None)
        found = examples.findings(examples.two_cuts_a_day(line=line), line=line)
    draft = Draft("d1", case.id, examples.NOW, examples.NOW, None, None, text)
    preview = preview_alert(compose_alert(case, found, PARIS, draft=draft, **more), case)
    for one in preview.warnings:
        assert "{" not in say_warning(one)
    return {one.code for one in preview.warnings}


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Mon numéro : 0612345678.",
            "Appelez le +33 6 12 34 56 78",
            "+33 (0)6.12.34.56.78",
            "0033612345678",
        ),
        *("La ligne 04.78.00.00.00 coupe", "Ligne 0478000000", "04-78-00-00-00"),
        *("Client C-1234567", "client c 1234567", "no C1234567"),
        *("J’habite 12, rue des Lilas", "chez moi rue des lilas", "Bâtiment B", "12 RUE DES LILAS"),
        *("Signé Dupont", "Mme DUPONT.", "marie.dupont@exemple.fr", "MARIE.DUPONT@EXEMPLE.FR"),
    ],
)
def test_personal_data_are_seen_however_they_are_written(text):
    assert "alert_text_personal" in codes(text)
    assert "alert_text_personal" in codes(text, confirmed=False)


@pytest.mark.parametrize(
    "text",
    [
        *("Rue coupée le 22/11/2026 à 09:12:34", "Dupontel a ri", "12 coupures en 34 jours, 56 min", "lilas"),
        *("Débit 612 345 kbit/s", "Le bâtiment entier", "C-12345678", "AC-1234567"),
    ],
)
def test_other_words_and_figures_are_no_personal_data(text):
    assert "alert_text_personal" not in codes(text)


def test_a_short_family_name_counts_only_beside_the_first_name():
    le = marie(person__name="Anh LE")
    assert "alert_text_personal" not in codes("Le débit est faible, le service aussi.", le)
    assert "alert_text_personal" in codes("Signé : Anh Le", le)
    assert "alert_text_personal" in codes("LE Anh", le)


@pytest.mark.parametrize("text", ["Orange ment", "orange ne fait rien", "L’ORANGE", "Chez Orange, rien"])
def test_the_operator_of_the_contract_is_not_blamed_before_the_line_is_confirmed(text):
    assert "alert_text_names_operator" in codes(text, confirmed=False)
    assert "alert_text_names_operator" not in codes(text)


@pytest.mark.parametrize("text", ["Le voyant orange clignote", "La box est orange", "Orangeraie"])
def test_a_light_of_the_box_may_be_orange(text):
    assert "alert_text_names_operator" not in codes(text, confirmed=False)


@pytest.mark.parametrize("word", ["scandaleuse", "Honteuse", "incompétente", "incompétentes", "scandaleux"])
def test_a_harsh_word_is_harsh_in_every_form(word):
    assert "alert_tone_harsh" in codes(f"Une équipe {word}")


def test_a_speed_of_nothing_is_not_harsh():
    assert "alert_tone_harsh" not in codes("Le débit est nul le soir, les résultats sont nuls.")


def attached(tmp_path, content):
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    return Attachment(
        "photo", "photo.jpg", "image/jpeg", len(content), hashlib.sha256(content).hexdigest(), str(path)
    )


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (TELL["png exif"], "alert_photo_place"),
        (TELL["xmp"], "alert_photo_place"),
        (MAY_TELL["heic"], "alert_photo_may_tell"),
        (MAY_TELL["broken off"], "alert_photo_may_tell"),
        (SILENT["jpeg exif"], None),
        (SILENT["pdf"], None),
    ],
)
def test_files_that_tell_or_may_tell_the_place_are_named(tmp_path, content, code):
    found = codes("Coupures.", attachments=(attached(tmp_path, content),))
    assert {one for one in found if one.startswith("alert_photo")} == ({code} if code else set())
