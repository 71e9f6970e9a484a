"""Problems in one line: what is wrong, and the mend."""

from __future__ import annotations

import re

from diagnostics.model import Problem
from jalerte_desktop.words.language import N_, _
from jalerte_desktop.words.system import system_words

_SAID_BY_SYSTEM = ("why", "error")
_SENTENCES: dict[str, str] = {
    "config_unreadable": N_(
        "{path} cannot be read ({why}): mend the file or its permissions, or move it away."
    ),
    "config_not_toml": N_("{path} is not valid TOML ({why}): mend that line, or move the file away."),
    "config_unknown_key": N_("{path}: the key “{key}” is not known: correct its name or remove it."),
    "config_bad_value": N_("{path}: “{value}” is no value for {key}: see the guide for what it takes."),
    "config_unknown_target": N_(
        "{path}: “{value}” is no target for {key}: give an IP address (or an http:// URL for a check)."
    ),
    "journal_missing": N_("There is no recording yet ({path}): start one with “jalerte record”."),
    "journal_newer": N_(
        "{path} was written by a newer jalerte (format {found}, this one knows {known}): update jalerte."
        " Nothing was changed."
    ),
    "journal_foreign": N_(
        "{path} is not a jalerte journal: move it away, or choose another folder with --home."
    ),
    "journal_damaged": N_("{path} is damaged: make a copy of it, then move it away to start a new one."),
    "journal_set_aside": N_(
        "{path} is damaged and was set aside as {aside}: a new journal was begun, and recording goes on."
    ),
    "journal_gone": N_(
        "{path} was moved, removed or replaced while it was being written: the recorder stops; start it again."
    ),
    "block_damaged": N_(
        "Record {seq} of the journal is damaged: make a copy of the journal, then move it away."
    ),
    "journal_busy": N_(
        "{path} is held by another program (a backup, a database viewer): nothing was changed; close it, then try"
        " again."
    ),
    "journal_unreadable": N_("{path} cannot be read ({why})."),
    "journal_not_writable": N_(
        "{path} cannot be written: mend its permissions, or choose another folder with --home."
    ),
    "home_not_writable": N_(
        "{path} cannot be written ({why}): mend its permissions, or choose another folder with --home."
    ),
    "disk_full": N_(
        "The disk is full ({path}): make room; what is recorded stays, new samples are not kept meanwhile."
    ),
    "disk_error": N_(
        "The disk does not take {path} ({why}): check the disk or choose another folder with --home."
    ),
    "control_socket": N_(
        "The recorder’s socket {path} cannot be made ({why}): choose another folder with --home."
    ),
    "recorder_running": N_(
        "A recorder already runs for this folder (process {pid}): stop it first, or use --home."
    ),
    "recorder_silent": N_(
        "The recorder holds the journal but does not answer ({why}): stop it and try again."
    ),
    "recorder_refused": N_("The recorder refused ({why})."),
    "ping_impossible": N_(
        "This computer allows no way of pinging {method}: allow ICMP or TCP connections for this user."
    ),
    "ping_method_unknown": N_(
        "“{value}” is no way of pinging: use icmp-datagram, icmp-raw, icmp-api or tcp."
    ),
    "rooms_unreadable": N_(
        "{path} cannot be understood ({why}): rooms looked at before are not compared; move the file away."
    ),
    "rooms_newer": N_(
        "{path} was written by another jalerte (format {found}, this one knows {known}): rooms looked at before are"
        " not compared; move the file away."
    ),
    "check_broken": N_("The check of {target} broke down ({why}); the others go on."),
    "no_display": N_("There is no display: run this in a graphical session, or use “jalerte check”."),
    "bad_time": N_(
        "“{value}” is no time: write 2026-11-17, 2026-11-17T16:02 or 7d, 12h, 30min for “so long ago”."
    ),
    "empty_period": N_("The period is empty: its start must lie before its end."),
    "too_many_columns": N_("So many columns cannot be made: ask for 1 to {most}."),
    "future_period": N_("The period lies in the future: only what was recorded can be taken out."),
    "no_reason": N_("Give a reason: it stays printed beside the period."),
    "reason_too_long": N_("The reason has {length} characters: shorten it to {limit}."),
    "reason_unfit": N_(
        "Write the reason on one line, without control characters: it stays printed in papers."
    ),
    "unknown_line": N_("“{value}” is none of the lines seen: “jalerte line show” lists them."),
    "no_line_yet": N_("No line has been recognised yet: let the recorder run for a minute while connected."),
    "output_exists": N_("{path} exists already: choose another name, or say --force to replace it."),
    "output_no_file": N_("{path} is no file that could be replaced: choose another name."),
    "output_not_writable": N_("{path} cannot be written ({why}): choose another place."),
    "output_no_folder": N_("There is no folder {path}: make it first, or choose another place."),
    "stdout_closed": N_("Standard output is closed, so nothing could be told: start it with an output."),
    "stdout_not_writable": N_(
        "Standard output does not take what was to be told ({why}): make room, or send it elsewhere."
    ),
    "system_refused": N_("The system refused {path} ({why}): mend that, then try again."),
    "system_stopped": N_("The system refused something that was needed ({why}): mend that, then try again."),
    "parquet_missing": N_("Parquet needs the package pyarrow: run “make setup” again, or use --format csv."),
    "bad_duration": N_("“{value}” is no number of seconds above zero."),
    "not_in_demo": N_(
        "“jalerte {command}” is not for the demonstration: its data are made up, nothing is measured and nothing"
        " leaves."
    ),
    "demo_folder_taken": N_(
        "{path} holds something else than demonstration data: move it away, or choose another folder with --home."
    ),
    "demo_not_made": N_(
        "The demonstration data in {path} cannot be written ({why}): make room, or choose another folder with --home."
    ),
    "name_too_long": N_("The name is too long: 60 characters at most, on one line."),
}


def sentences() -> dict[str, str]:
    """Every known code with its English sentence."""
    found = dict(_SENTENCES)
    from jalerte_desktop.words import (
        errors_evidence,
        errors_filing,
        errors_papers,
        errors_speed,
        errors_verify,
    )

    found.update(errors_evidence.SENTENCES)
    found.update(errors_filing.SENTENCES)
    found.update(errors_papers.SENTENCES)
    found.update(errors_speed.SENTENCES)
    found.update(errors_verify.SENTENCES)
    return found


def say_problem(problem: Problem) -> str:
    """A problem as one sentence in the active language."""
    sentence = sentences().get(problem.remark.code)
    if sentence is None:
        return str(problem)
    values = {
        name: harmless(system_words(str(value)) if name in _SAID_BY_SYSTEM else str(value))
        for name, value in problem.remark.values
    }
    return _(sentence).format(**values).replace(" ()", "").replace("  ", " ")


def harmless(text: str) -> str:
    """On one line, and nothing that a terminal would obey."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text)
