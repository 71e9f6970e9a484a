"""Sentences of evidence: problems of time stamps, of the report, of the bundle and its check."""

from __future__ import annotations

from jalerte_desktop.words.language import N_

_STAMPS: dict[str, str] = {
    "stamp_no_server": N_(
        "No time-stamp server is chosen: “jalerte stamp choose --server URL” chooses one and says who sees what."
    ),
    "stamp_not_agreed": N_(
        "{server} stands in the configuration, and you have not agreed to it yet: “jalerte stamp choose” says who sees"
        " what."
    ),
    "stamp_server_bad": N_(
        "“{value}” is no address of a time-stamp server: write http(s)://host/path, without a login or a # part."
    ),
    "stamp_file_decides": N_(
        "{server} stands in config.toml, and the file decides: change [stamp] server there, or remove it."
    ),
    "stamp_nobody_asked": N_("Nothing was agreed to: say yes to the question, or --yes."),
    "stamp_no_seal": N_("Nothing is sealed yet: let the recorder run; it seals at its start and every hour."),
    "stamp_roots_unreadable": N_("{path} cannot be read as certificates in PEM ({why}): mend [stamp] roots."),
    "stamp_unreachable": N_("{host} could not be reached ({why}): the recorder tries again later."),
    "stamp_certificate": N_("{host} could not prove who it is ({why}): nothing was asked."),
    "stamp_cut_off": N_("{host} broke off its answer ({why}): the recorder tries again later."),
    "stamp_too_slow": N_("{host} did not answer in time: the recorder tries again later."),
    "stamp_too_large": N_("{host} answered with more than {why} bytes: that is no time stamp."),
    "stamp_http_status": N_(
        "{host} refuses (HTTP {why}): look whether the address is right, or choose another server."
    ),
    "stamp_not_granted": N_(
        "{host} gave no time stamp (status {why}): choose another server if it stays so."
    ),
    "stamp_not_understood": N_(
        "What {host} answered is no time stamp: choose another server if it stays so."
    ),
    "stamp_other_link": N_("{host} dated something else than what was asked: its answer was thrown away."),
    "stamp_other_nonce": N_("{host} answered another question than ours: its answer was thrown away."),
    "stamp_signature": N_("The signature of {host}’s time stamp does not hold ({why}): it was thrown away."),
    "stamp_certificate_use": N_(
        "{host} signed with a certificate that is not made for time stamps ({why}): its answer was thrown away."
    ),
    "stamp_expired": N_(
        "{host} signed with a certificate out of its time ({why}): its answer was thrown away."
    ),
    "stamp_other_root": N_(
        "The time stamp of {host} goes up to {why}, none of your roots: change [stamp] roots, or choose another server."
    ),
    "stamp_process": N_("The recorder could not have {host} asked: it tries again later."),
}
"""Of ``jalerte stamp``, and of what went wrong with a time stamp."""

_JOURNAL: dict[str, str] = {
    "check_broke_off": N_(
        "A process that helped to check the journal was ended from outside: try again, with more memory free."
    ),
    "retention_days": N_(
        "Samples are kept for {least} to {most} days, or for good (--keep-all): claims may be made for a year."
    ),
    "retention_not_agreed": N_("Nothing was changed: say yes to the question, or --yes."),
}
"""Of ``jalerte journal retention``."""

_REPORT: dict[str, str] = {
    "report_format": N_("“{value}” does not end in .pdf: end the report’s name with it."),
    "report_future": N_("The period lies in the future: choose one that was recorded."),
    "report_outside": N_("Nothing was recorded in this period: the record goes from {start} to {end} (UTC)."),
    "report_long": N_("The period is longer than {days} days: choose a shorter one."),
    "report_made_future": N_(
        "--made lies in the future: give the time printed on the report, or leave it out."
    ),
    "report_made_before": N_(
        "--made lies before the journal’s newest record ({at}): a report cannot be older than what it tells."
    ),
}
"""Of ``jalerte report``."""

_BUNDLE: dict[str, str] = {
    "bundle_missing": N_("There is no file {path}."),
    "bundle_unreadable": N_("{path} cannot be read ({why})."),
    "bundle_no_file": N_("This is no file."),
    "bundle_too_large": N_("The file is larger than a bundle may be ({bytes} bytes)."),
    "bundle_no_zip": N_("The file is no bundle: it does not end, or not begin, as one does."),
    "bundle_too_many": N_("The file says that it holds more members than a bundle may ({count})."),
    "bundle_bad_names": N_("A member’s name is none that a bundle has ({why})."),
    "bundle_directory": N_("The directory at the file’s end is not as it was made."),
    "bundle_container": N_("The member {member} was changed, or what frames it in the file."),
    "bundle_member_too_large": N_("The member {member} is larger than it may be."),
    "bundle_listing": N_("The list of digests, {member}, is not as it was made."),
    "bundle_lacks": N_("The member {member} is missing."),
    "bundle_beside": N_("The member {member} is not in the list of digests."),
    "bundle_order": N_("The members are not in their order."),
    "bundle_digest": N_("The member {member} was changed: its digest is not the one in the list."),
    "bundle_key": N_("The key in {member} cannot be read."),
    "bundle_other_key": N_("The key in {member} is not the one of the newest seal."),
    "bundle_signature": N_("The signature in {member} is not that of the list of digests and the key."),
    "bundle_about": N_("{member} cannot be understood ({why})."),
    "bundle_packed": N_("The member {member} cannot be unpacked."),
    "bundle_line_too_long": N_("A line of {member} is longer than it may be."),
    "bundle_record": N_("Line {line} of {member} is no record ({why})."),
    "bundle_first": N_("The first record does not begin the chain as it should."),
    "bundle_gap": N_("Record {seq} is missing: the next one found is {found}."),
    "bundle_link": N_("The record is not the one that the chain was made with."),
    "bundle_seal_signature": N_("The seal’s signature is not that of its key."),
    "bundle_content": N_("The record contradicts itself ({why})."),
    "bundle_end": N_("The chain should end with record {seq}, and ends with {found}."),
    "bundle_seal": N_("The newest seal is not the one that the bundle names."),
    "bundle_counts": N_("{member} gives other numbers of records and samples than there are."),
    "bundle_json": N_("{member} cannot be understood ({why})."),
    "bundle_table": N_("{member} cannot be understood ({why})."),
    "bundle_reference": N_("The incident {incident} stands on samples that are not there."),
    "bundle_incidents_differ": N_("{member} does not give the same incidents as incidents.json."),
    "bundle_rows": N_("The rows of {member} are not those of the chain."),
    "bundle_row": N_(
        "A row of {member} does not say what the record does: {column} is “{found}”, and should be “{right}”."
    ),
    "bundle_targets": N_(
        "{member} does not say what the record does: target {number} is “{found}”, and should be “{right}”."
    ),
    "bundle_hole": N_(
        "The bundle is intact as it was signed, but the journal could already not be read in places when it was made"
        " (places: {holes}; the first goes from {since} to {until}, records: {records}): nothing proves what stood"
        " there. All else was checked and is right."
    ),
    "bundle_hole_unsealed": N_(
        "Records are said to have been unreadable, and no seal vouches for what follows them."
    ),
    "bundle_hole_large": N_("More records are said to have been unreadable than can be ({count})."),
    "note_ends_early": N_(
        "The bundle ends with record {seq}: what came later in the journal could not be read (see removed.json)."
    ),
    "bundle_holes_differ": N_("{member} names other unreadable records than the chain."),
    "bundle_stamp": N_("The time stamp {member} is not one of this chain."),
    "bundle_hidden": N_(
        "{member} says that {told} values of “{field}” are hidden in the chain, and {found} are: what was taken out is"
        " not all told."
    ),
    "bundle_hidden_no_rule": N_(
        "{member} names no rule by which {count} values of “{field}” were taken out of the chain."
    ),
    "bundle_demo": N_(
        "{member} and the records do not agree on whether all this is made-up demonstration data."
    ),
    "bundle_about_wrong": N_("{member} says of “{what}” what cannot be."),
    "bundle_disagree": N_("{member} and bundle.json do not agree on “{what}”."),
    "bundle_unknown_member": N_("The member {member} is none that a bundle has, though it is in the list."),
    "note_unchecked": N_(
        "The signature was NOT checked: this computer cannot. Nothing is said about whose it is."
    ),
    "note_fingerprint": N_(
        "Compare the key’s fingerprint with the one that was printed in letters: {fingerprint}"
    ),
    "note_unsigned": N_(
        "Nothing in it was signed: whoever could write into this folder could have made it anew, whole."
    ),
    "note_other_key": N_(
        "The newest seal is not of this computer’s key ({fingerprint}): the key was replaced and the recorder not"
        " started since, or the journal is not this computer’s."
    ),
    "note_no_seal": N_(
        "The bundle’s part of the chain has no seal of its own: only the bundle itself is signed."
    ),
    "note_keys": N_("The seals are of {count} different keys; the newest is the bundle’s."),
    "note_demo": N_("Made-up demonstration data."),
    "note_verify_differs": N_(
        "The {member} within is another version’s, or was changed: it vouches for nothing. Take {member} from the"
        " project’s own release."
    ),
    "note_stamps": N_(
        "Outside time stamps: {count}. They belong to the chain; whether they are the authority’s, openssl tells"
        " (see LISEZMOI.txt)."
    ),
    "note_stamp_not_valid": N_(
        "The time stamp of record {seq}, which the journal says is of {at} and by {authority}, is not valid and dates"
        " nothing. {why}"
    ),
    "note_stamps_not_valid": N_("Other time stamps that are not valid and date nothing: {count}."),
    "note_stamps_damaged": N_("Entries that should be time stamps and are none: {count}."),
    "note_head_was_missing": N_(
        "At {at} the recorder found {seq} records and no readable keys/head.json beside them: whether there had been"
        " more cannot be told."
    ),
    "note_end_was_lost": N_(
        "At {at} the recorder found the journal shorter than it had been when it was last signed (record {seq}, not"
        " {head_seq})."
    ),
    "note_tail_unsigned": N_(
        "No signature covers the newest records yet ({count}, from record {first} on, since {at}: {kinds}): until the"
        " next one does, anything that may write the file could have added them."
    ),
    "note_unsigned_found": N_(
        "At {at} the recorder found records {first} to {last} ({kinds}) that no signature covered: a stop in the middle"
        " does that, and so does somebody who adds records without the key."
    ),
    "note_key_changed": N_("From {at} on (record {seq}) the seals are of another key than before."),
}
"""Of ``jalerte verify``: what is wrong with a bundle, and what should be known of it."""

WHY: tuple[str, ...] = (
    N_("a record is missing, or there twice"),
    N_("the link does not match the record"),
    N_("the link is not the one that was signed"),
    N_("the figures are not those of the samples"),
    N_("the times are not those of the samples"),
    N_("a target that was never named"),
    N_("samples are missing, and nothing stands in their place"),
    N_("samples are missing, and no retention says so"),
    N_("the hour's figures are not those of its samples"),
    N_("the day's figures are not those of its samples"),
    N_("the day's hours are not those that were recorded"),
    N_("a seal of something else"),
    N_("the signature does not hold"),
    N_("the time stamp is of another chain"),
    N_("the link before a page is not the record's before it"),
    N_("a page's link is not its last record's"),
    N_("a page without records"),
    N_("a record beside the chain"),
    N_("keys/head.json: not the time of the record that was signed"),
    N_("the end is missing: more was signed than is there"),
    N_("keys/head.json cannot be read as a signed head"),
    N_("the signature in keys/head.json does not hold"),
    N_("keys/head.json is missing: whether the end was cut off cannot be told"),
    N_("keys/head.json is of another key than the seals"),
)
"""Why a record fails: what the checks of journal and bundle say in so many words. Others are shown as they come."""

_COPIES: dict[str, str] = {
    "bundle_nothing": N_("Nothing of this period is sealed yet: let the recorder run for a minute."),
    "bundle_new_key": N_(
        "This computer’s key is newer than the newest seal: start the recorder, which seals at once, then try again."
    ),
    "bundle_no_out": N_("Say with --out which file to write, or --preview to look only."),
    "bundle_format": N_("“{value}” does not end in .zip: end the bundle’s name with it."),
    "bundle_needs_yes": N_("Nothing was written: look at it with --preview, then say --yes."),
    "bundle_attachment_changed": N_(
        "The kept copy of “{name}” is not what you attached any more: detach it, and attach it anew."
    ),
    "import_broken": N_("{path} is no whole bundle, so it is no witness; nothing was kept: {why}"),
    "import_unchecked": N_(
        "The signatures of {path} cannot be checked on this computer, so it is no witness; nothing was kept."
    ),
    "import_own": N_("This bundle was signed by this very machine: a second witness has to be another one."),
    "import_twice": N_("This bundle was taken in before: nothing was changed."),
    "import_demo": N_("This bundle holds made-up demonstration data: it is no witness of anything."),
    "import_changed": N_("{path} changed while it was being read: try again; nothing was kept."),
    "witness_changed": N_(
        "{path} is not the bundle that was kept: put it back from a copy, or import the bundle anew."
    ),
    "witness_damaged": N_("{path} says nothing that can be used as a witness ({why})."),
}
"""Of ``jalerte bundle`` and ``jalerte journal import``."""

SENTENCES: dict[str, str] = {**_STAMPS, **_JOURNAL, **_REPORT, **_BUNDLE, **_COPIES}
