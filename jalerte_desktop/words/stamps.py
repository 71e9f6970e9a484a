"""Why a time stamp of the journal is not valid, in words: what ``diagnostics.stamps.record.stamps_of`` finds."""

from __future__ import annotations

from jalerte_desktop.words.language import N_, _

WHY_NOT_VALID = {
    "stamp_not_understood": N_("What is kept of it is no time stamp."),
    "stamp_too_large": N_("What is kept of it is no time stamp."),
    "stamp_not_granted": N_("The authority gave no time stamp."),
    "stamp_other_link": N_("It dates something else than this record."),
    "stamp_signature": N_("Its signature does not hold."),
    "stamp_certificate_use": N_("It is signed with a certificate that is not made for time stamps."),
    "stamp_expired": N_("A certificate behind it was not in force at the time it names."),
    "stamp_other_root": N_("It goes up to none of the roots named in config.toml."),
    "stamp_told_otherwise": N_("The journal tells another time or another authority than the stamp itself."),
    "stamp_of_no_seal": N_("It dates nothing that this journal sealed."),
    "stamp_not_in_chain": N_("The chain does not go through what it dates."),
}


def why_not_valid(code: str) -> str:
    """A sentence for the code in ``StampFact.why``; the code itself where there is none."""
    found = WHY_NOT_VALID.get(code)
    return _(found) if found is not None else code
