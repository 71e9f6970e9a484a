"""What a person is told of a provider before its first use: who sees what, who publishes it, what it costs."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from jalerte_desktop.words.figures import duration, number
from jalerte_desktop.words.language import N_, _, ngettext

if TYPE_CHECKING:
    from diagnostics.throughput.terms import Spacing, Terms

_WHAT: dict[str, str] = {
    "http": N_(
        "Web downloads and uploads over several connections, with the server that you name: one in LibreSpeed’s"
        " layout, or your own at home (“jalerte speed-server”)."
    ),
    "ndt7": N_("M-Lab’s measurement ndt7, with the nearest of its servers or one that you name."),
    "iperf3": N_("The program iperf3 of this computer, with the iperf3 server that you name."),
    "speedtest-cli": N_("The Python program speedtest-cli, with Ookla’s servers (Speedtest)."),
    "cloudflare": N_(
        "Web downloads and uploads over several connections, with Cloudflare’s nearest servers."
    ),
}
_RUNS: dict[str, str] = {
    "http": N_("The server belongs to whoever set it up; its owner’s rules apply."),
    "ndt7": N_(
        "The servers belong to Measurement Lab (M-Lab), a research project of Superbloom, United States."
    ),
    "iperf3": N_("The server belongs to whoever set it up; its owner’s rules apply."),
    "speedtest-cli": N_("The servers belong to Ookla, United States, and to the hosts it lists."),
    "cloudflare": N_("The servers belong to Cloudflare, United States."),
}
SEES: dict[str, str] = {
    "public_address": N_("your line’s public IP address"),
    "time": N_("day and time"),
    "client_name": N_("jalerte’s name and version"),
    "system": N_("this computer’s operating system and Python version"),
    "place_by_address": N_("your approximate place, guessed from the address"),
    "speeds": N_("the speeds"),
    "speeds_by_moving": N_("what it sends and receives, and how fast"),
    "delays": N_("the delays"),
}
_PUBLISHED: dict[str, str] = {
    "public": N_("M-Lab publishes all of it, your public IP address included, and anybody may use it."),
    "aggregated": N_("Cloudflare says that it makes summaries of connection quality from results."),
    "unknown": N_("Whether its owner keeps or publishes any of this, jalerte cannot know."),
}
_COMMERCIAL: dict[str, str] = {
    "personal": N_(
        "Ookla allows its own programs for personal, non-commercial use; take the same for this one."
    ),
    "contribution": N_("M-Lab asks commercial applications to contribute to its costs."),
}


def terms_words(terms: Terms) -> list[str]:
    """Plain sentences in the active language, most important first; the links stand alone in the last ones."""
    seen = [_(SEES[code]) for code in terms.sees if code in SEES]
    told = [
        _(_WHAT[terms.id]),
        _(_RUNS[terms.id]),
        _("The other side sees: {things}.").format(things=", ".join(seen)),
    ]
    if "unencrypted" in terms.sees:
        told.append(_("The measurement is not encrypted; it carries nothing but filling."))
    told.append(_(_PUBLISHED[terms.published]))
    if terms.kept == "for_ever":
        told.append(
            _(
                "It is kept without limit of time; whoever wants it erased has to prove to M-Lab that the address was"
                " theirs."
            )
        )
    told += _limits(terms)
    if terms.commercial in _COMMERCIAL:
        told.append(_(_COMMERCIAL[terms.commercial]))
    told.append(
        _(
            "It costs no money, but data: as much as the line carries in up to ten seconds each way"
            " (at 100 Mbit/s, up to 250 MB in all)."
        )
    )
    told += _rhythm(terms)
    told.append(_as_of(terms))
    told += [_("To read: {links}").format(links=link) for link in (*terms.policies, terms.about)]
    return told


def _limits(terms: Terms) -> list[str]:
    """What its results cannot say."""
    told = []
    if terms.streams == 1:
        told.append(
            _("It uses one connection only: on a fast fibre line it may read lower than the line can carry.")
        )
    if terms.unmaintained:
        told.append(
            _("Also for a server of your own it asks Ookla for settings first: Ookla sees each measurement.")
        )
        told.append(
            _(
                "The program has not been maintained since 2021, and reads low on fast lines; Ookla may refuse it."
            )
        )
    if terms.indicative:
        told.append(_("Its results are always marked indicative: they do not speak for the line."))
    return told


def _rhythm(terms: Terms) -> list[str]:
    told = []
    if terms.automation == "unknown":
        told.append(_("No rule was found on programs that measure by themselves: jalerte does it rarely."))
    if terms.gap_s:
        told.append(
            _(
                "Its servers limit how often one measures, and do not say how often: jalerte leaves {gap} between two."
            ).format(gap=duration(terms.gap_s))
        )
    if terms.spacing is not None:
        told.append(_spacing(terms.spacing))
    if terms.a_day_unattended:
        told.append(
            ngettext(
                "At most {count} scheduled measurement a day, and {attended} started by you.",
                "At most {count} scheduled measurements a day, and {attended} started by you.",
                terms.a_day_unattended,
            ).format(count=number(terms.a_day_unattended), attended=number(terms.a_day_attended))
        )
    return told


def _spacing(spacing: Spacing) -> str:
    return _(
        "Scheduled measurements come at random times: {mean} apart on average, {least} at least, {most} at most."
    ).format(mean=duration(spacing.mean_s), least=duration(spacing.min_s), most=duration(spacing.max_s))


def _as_of(terms: Terms) -> str:
    day = date.fromisoformat(terms.checked_on).strftime("%d/%m/%Y")
    if terms.confidence == "verified":
        return _("As read in its own texts on {day}.").format(day=day)
    return _("As known on {day}, without having read all of its own texts: see for yourself.").format(day=day)
