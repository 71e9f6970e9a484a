"""What ``jalerte verify`` says of a file that is no bundle at all, by what it is."""

from __future__ import annotations

from jalerte_desktop.words.language import N_

SENTENCES: dict[str, str] = {
    "verify_folder": N_(
        "{path} is a folder, not a bundle of jalerte: name the bundle itself, the .zip that “jalerte bundle” wrote."
    ),
    "verify_empty": N_(
        "{path} is empty, so it is no bundle of jalerte: fetch or copy the bundle (.zip) anew."
    ),
    "verify_pdf": N_(
        "{path} is a PDF, not a bundle of jalerte: what can be checked of a report is the bundle (.zip) that goes"
        " with it."
    ),
    "verify_other_zip": N_(
        "{path} is a ZIP, but no bundle of jalerte: it has no list of digests; name the .zip that “jalerte bundle”"
        " wrote."
    ),
    "verify_other": N_(
        "{path} is no bundle of jalerte: what can be checked is the .zip that “jalerte bundle” wrote."
    ),
}
