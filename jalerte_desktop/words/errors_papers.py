"""Sentences of the case file, the letters and the alert: problems, and what to know before something is sent."""

from __future__ import annotations

from datetime import date

from diagnostics.model import Remark
from jalerte_desktop.words.figures import percent, plain_date
from jalerte_desktop.words.language import N_, _

SENTENCES: dict[str, str] = {
    "no_case": N_(
        "There is no case yet: open one with “jalerte case new --problem fixed-internet-cut --operator NAME”."
    ),
    "case_newer": N_(
        "{path} was written by a newer jalerte (format {found}, this one knows {known}): update jalerte."
        " Nothing was changed."
    ),
    "case_damaged": N_(
        "{path} is damaged ({error}): make a copy of it, then move it away to start a new one."
    ),
    "case_busy": N_("{path} is held by another program: try again when that one is done."),
    "case_not_writable": N_(
        "{path} cannot be written ({error}): mend its permissions, or choose another folder with --home."
    ),
    "case_country": N_("“{value}” is no country that jalerte knows: use one of {known}."),
    "case_problem": N_("“{value}” is no problem that jalerte knows: use one of {known}."),
    "case_operator": N_("The operator’s name is missing: give it with --operator."),
    "field_unknown": N_("“{key}” is no field of the case: use one of {known}."),
    "field_choice": N_("“{value}” does not fit {key}: use one of {choices}."),
    "field_long": N_("The value of {key} has {length} characters: shorten it to {limit}."),
    "field_postcode": N_("“{value}” does not fit {key}: write the {digits} digits of the postcode."),
    "field_email": N_("“{value}” does not fit {key}: write an address such as name@example.org."),
    "field_phone": N_(
        "“{value}” does not fit {key}: write 4 to 15 digits, with + in front of a country’s code."
    ),
    "field_speed": N_(
        "“{value}” does not fit {key}: write a speed above zero, such as 500 Mbit/s or 1 Gbit/s."
    ),
    "field_speed_unit": N_(
        "“{value}” for {key} would be bits a second: write the unit, such as {value} Mbit/s."
    ),
    "field_price": N_("“{value}” does not fit {key}: write an amount in euros, such as 39.99."),
    "field_date": N_("“{value}” does not fit {key}: write a date such as 2024-03-31."),
    "contract_nothing": N_(
        "Nothing to set: name at least one part of the contract, such as --offer or --download-max."
    ),
    "nothing_held": N_(
        "No incident in this period can be held against the operator ({uncertain} of uncertain origin):"
        " no letter was written; let the recording go on, or choose another period."
    ),
    "letter_kind": N_("“{value}” is no letter that this version writes: use one of {known}."),
    "letter_format": N_("“{value}” ends neither in .pdf nor in .docx: end the name with one of them."),
    "diary_kind": N_("“{value}” is no kind of diary entry: use one of {known}."),
    "diary_ends_before": N_("The entry ends before it begins: check --at and --until."),
    "diary_future": N_(
        "An entry of kind {kind} cannot lie in the future: check --at (only an appointment can)."
    ),
    "diary_long": N_("{option} has {length} characters: shorten it to {limit}."),
    "diary_due_alone": N_("--due is the day of a promise: give the promise with --promise."),
    "alert_no_draft": N_("There is no draft of an alert: begin one with “jalerte alert new”."),
    "alert_text_huge": N_("The description has {length} characters: shorten it to {limit} at most."),
    "alert_text_not_utf8": N_("{path} is not UTF-8 text: save it as UTF-8."),
    "alert_edit_nothing": N_("Nothing to change: give at least one of --description, --attach, --since …"),
    "attach_kind": N_("“{value}” is no kind of attachment: use one of {known}."),
    "attach_no_file": N_("{path} is no file: check the name."),
    "attach_unreadable": N_("{path} cannot be read ({why}): check its permissions."),
    "attach_empty": N_("{path} is empty: choose another file."),
    "attach_large": N_("{path} is larger than {limit} bytes: choose a smaller file."),
    "attach_twice": N_("The same file goes along already, as {name}."),
    "attach_many": N_("No more than {limit} files can go along: take one out with --detach NAME."),
    "attach_unknown": N_("No file called “{name}” goes along: use one of {known}."),
    "attach_not_writable": N_(
        "The copy cannot be kept in {path} ({why}): make room, or mend its permissions."
    ),
    "out_of_record": N_("Nothing was recorded yet: let “jalerte record” run for a while first."),
}

WARNINGS: dict[str, str] = {
    "letter_line_unconfirmed": N_(
        "Line not confirmed: the letter names no operator. Confirm it with “jalerte line confirm”."
    ),
    "letter_operator_differs": N_(
        "The contract says {contract}, the line {line}: check which one the letter is for."
    ),
    "letter_little_observed": N_(
        "Only {ratio} of the period was observed: choose a shorter one, or record longer."
    ),
    "letter_address_unknown": N_(
        "No checked postal address is known for {operator}: fill it in from your contract or bill."
    ),
    "letter_address_doubtful": N_(
        "The postal address comes from an unofficial source ({source}, read on {checked_on}): check it on your"
        " contract or bill."
    ),
    "letter_address_doubtful_unnamed": N_(
        "The postal address comes from an unofficial source, read on {checked_on} and not kept: check it on your"
        " contract or bill."
    ),
    "letter_no_law": N_("No legal basis is recorded for this country ({country}): the letter cites none."),
    "letter_law_recheck": N_("{basis}: check before sending ({what})."),
    "letter_blanks": N_("To be filled in by hand: {blanks}."),
    "alert_line_unconfirmed": N_(
        "Line not confirmed: the alert names no operator. Confirm it with “jalerte line confirm”."
    ),
    "alert_nothing_held": N_(
        "Nothing in this period can be held against the operator ({uncertain} of uncertain origin): filing now would"
        " accuse without evidence."
    ),
    "alert_little_observed": N_("Only {ratio} of the period was observed: the description says so."),
    "alert_not_all_listed": N_(
        "The description names {listed} of {all} incidents: no more fit; it says how many it leaves out."
    ),
    "alert_other_country": N_("J’alerte l’Arcep is for operators in France; this case is in {country}."),
    "alert_other_problem": N_(
        "The measurements say nothing about “{problem}”: check the description before you use it."
    ),
    "alert_name_split": N_("First name and name were told apart by guess: set person.first_name to be sure."),
    "alert_labels_unverified": N_(
        "The form’s own labels were not read on the site (data of {checked_on}): tick the nearest choice."
    ),
    "alert_own_words": N_(
        "The description is in your own words: only what was measured can be shown to be true."
    ),
    "alert_text_empty": N_("The description is empty."),
    "alert_text_long": N_("The description has {length} characters; the form may take only {limit}."),
    "alert_tone_harsh": N_("These words turn a report into a quarrel and weaken it: {words}."),
    "alert_tone_loud": N_("Capitals and exclamation marks read as shouting: plain sentences carry further."),
    "alert_text_names_operator": N_("The description names an operator, and the line is not confirmed."),
    "alert_text_personal": N_(
        "The description holds personal data (name, address, e-mail, telephone or customer number): forms have fields"
        " of their own for them."
    ),
    "alert_photo_may_tell": N_("This file may say where a photo was taken, and that goes along: {names}."),
    "alert_photo_place": N_("The photo says where it was taken, and that goes along: {names}."),
    "alert_file_heavy": N_("Too large for the form, by our own limit of {limit_bytes} bytes: {names}."),
    "alert_file_type": N_("The form may not take this kind of file: {names}."),
    "alert_limit_ours": N_("The form’s length limit is unknown: {limit} characters is our own."),
}


def say_warning(remark: Remark) -> str:
    """A warning as one sentence in the active language."""
    values: dict[str, object] = {name: str(value).replace("\n", " ") for name, value in remark.values}
    if "ratio" in values:
        ratio = remark["ratio"]
        assert isinstance(ratio, float | int)
        values["ratio"] = percent(ratio)
    if "checked_on" in values:
        values["checked_on"] = plain_date(date.fromisoformat(str(values["checked_on"])))
    return _(WARNINGS[remark.code]).format(**values)
