"""Time stamps in words and for scripts: who sees what, what is chosen, what is dated, what failed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from diagnostics.model import SECOND, Problem
from diagnostics.stamps.known import KnownServer, find, load_known
from diagnostics.stamps.model import Stamp, StampFact
from diagnostics.stamps.plan import due_at
from diagnostics.stamps.reading import AHEAD_NS
from jalerte_desktop.words.errors import harmless, say_problem
from jalerte_desktop.words.figures import clock_time, duration, iso, local, plain_date
from jalerte_desktop.words.language import N_, _, ngettext
from jalerte_desktop.words.stamps import why_not_valid

if TYPE_CHECKING:
    from jalerte_desktop.commands.stamp import State

_ASKS = {"spaced": N_("Its owner asks scripts to wait fifteen seconds or more between two questions.")}
MOST_DAYS_TOLD = 7


def who_sees_what(server: str) -> list[str]:
    """What a person reads before they agree to a server."""
    parts = urlsplit(server)
    found = find(server)
    host = parts.netloc
    lines = [
        _("{host} is asked once a day while the recorder runs, and again later when that fails.").format(
            host=host
        ),
        _(
            "It sees your public address, the time, and a number of 32 bytes that tells nothing of your line: the"
            " SHA-256 of the newest seal."
        ),
        _(
            "It answers with a signed time. From then on nobody, you included, can change what was recorded before"
            " without it showing."
        ),
    ]
    if parts.scheme == "http":
        lines.append(_("The address is http: whoever is on the way sees the number and the answer, too."))
    lines += _about(found) if found is not None else [_("This server is not in the list of known ones.")]
    return lines


def _about(known: KnownServer) -> list[str]:
    lines = [_("Run by {name}.").format(name=known.runs)]
    if known.asks:
        lines.append(_(_ASKS[known.asks]))
    if not known.sure:
        lines.append(
            _(
                "What is known of it comes from others ({date}), not from its owner: check before relying on it."
            ).format(date=plain_date(date.fromisoformat(known.checked_on)))
        )
    return lines


def known_words() -> list[str]:
    """The dated list, for ``choose`` without a server."""
    lines = [
        _(
            "None is chosen by this. Servers that can be asked without an account, never yet tried by this program:"
        )
    ]
    for known in load_known():
        lines.append(f"  {known.url}")
        about = [*_about(known), *([_("Said to be qualified (eIDAS).")] if known.qualified else [])]
        lines.extend(f"    {line}" for line in about)
    return lines


def known_json() -> dict[str, Any]:
    return {
        "servers": [
            {
                "url": one.url,
                "runs": one.runs,
                "country": one.country or None,
                "qualified": one.qualified,
                "source": one.source,
                "checked_on": one.checked_on,
                "confidence": one.confidence,
                "terms": who_sees_what(one.url),
            }
            for one in load_known()
        ]
    }


def state_words(state: State, now_ns: int) -> list[str]:
    """``jalerte stamp show``."""
    return [*_choice_words(state), *_facts_words(state), *_failed_words(state, now_ns)]


def _choice_words(state: State) -> Iterator[str]:
    choice = state.choice
    if not choice.server:
        yield _("Nobody dates the seals: “jalerte stamp choose” lists who can be asked.")
    elif choice.agreed:
        yield _("Seals are dated by {server}, once a day.").format(server=harmless(choice.server))
    else:
        yield say_problem(Problem("stamp_not_agreed", server=choice.server))


def _facts_words(state: State) -> Iterator[str]:
    valid = [fact for fact in state.facts if fact.valid]
    if not valid:
        yield _("No day is dated from outside yet.")
    else:
        newest = valid[-1]
        yield _("Newest: {stamp}").format(stamp=stamp_words(newest))
        yield _root_words(newest)
        days = dated_days(state.facts)
        shown = ", ".join(plain_date(date.fromisoformat(day)) for day in days[-MOST_DAYS_TOLD:])
        yield ngettext(
            "{n} day is dated from outside: {days}",
            "{n} days are dated from outside, the newest: {days}",
            len(days),
        ).format(n=len(days), days=shown)
        yield from ahead_words(newest)
    for fact in state.facts:
        if not fact.valid:
            yield _("Not valid: {stamp}. {why}").format(stamp=stamp_words(fact), why=why_not_valid(fact.why))


def _root_words(fact: StampFact) -> str:
    if fact.rooted:
        return _("Checked up to your root: {root}.").format(root=harmless(fact.root))
    return _(
        "It goes up to {root}; whether that is to be trusted is not checked here ([stamp] roots)."
    ).format(root=harmless(fact.root))


def _failed_words(state: State, now_ns: int) -> Iterator[str]:
    failed = state.tries
    if failed is None or failed.server != state.choice.server:
        return
    problem = Problem(failed.code, host=urlsplit(failed.server).hostname or failed.server, why=failed.why)
    yield _("{time}: {why}").format(time=_moment(failed.at_ns), why=say_problem(problem))
    again_ns = due_at(state.known, now_ns)
    if again_ns is not None:
        time = _("as soon as the recorder runs") if again_ns <= now_ns else _moment(again_ns)
        yield _("Tried again: {time}").format(time=time)


def stamp_words(stamp: Stamp | StampFact) -> str:
    """``2 Nov 2026, 16:02:07, Name of the authority``."""
    return f"{_moment(stamp.at_ns, seconds=True)}, {harmless(stamp.authority)}"


def ahead_words(stamp: Stamp | StampFact) -> list[str]:
    """That a stamp names a time after this machine's, where it does."""
    if isinstance(stamp, StampFact):
        ahead = stamp.ahead
        return (
            [_("It names a later time than this machine’s clock did: one of the two is wrong.")]
            if ahead
            else []
        )
    late_ns = stamp.at_ns - stamp.taken_ns
    if late_ns <= AHEAD_NS:
        return []
    return [
        _("It names a time {time} after this machine’s clock: one of the two is wrong.").format(
            time=duration(late_ns / SECOND)
        )
    ]


def dated_days(facts: tuple[StampFact, ...]) -> list[str]:
    """The days (UTC, ISO) on which a valid stamp was made, in order."""
    return sorted({local(fact.at_ns, UTC).date().isoformat() for fact in facts if fact.valid})


def state_json(state: State, now_ns: int) -> dict[str, Any]:
    failed, due_ns = state.tries, due_at(state.known, now_ns)
    return {
        "server": state.choice.server or None,
        "agreed": state.choice.agreed,
        "due": None if due_ns is None else iso(max(due_ns, now_ns)),
        "days": dated_days(state.facts),
        "stamps": [_fact_json(fact) for fact in state.facts],
        "failed": None
        if failed is None
        else {"server": failed.server, "count": failed.count, "at": iso(failed.at_ns), "code": failed.code},
    }


def stamp_json(stamp: Stamp | StampFact) -> dict[str, Any]:
    return {
        "seq": stamp.seq if isinstance(stamp, Stamp) else stamp.sequence,
        "link": stamp.link.hex(),
        "at": iso(stamp.at_ns),
        "authority": stamp.authority,
        "server": stamp.server,
    }


def _fact_json(fact: StampFact) -> dict[str, Any]:
    return {
        **stamp_json(fact),
        "valid": fact.valid,
        "why": fact.why or None,
        "root": fact.root or None,
        "rooted": fact.rooted,
        "root_certificate": fact.top if fact.top_is_root else None,
        "ahead": fact.ahead,
    }


def _moment(at_ns: int, *, seconds: bool = False) -> str:
    moment = local(at_ns)
    return f"{plain_date(moment.date())}, {clock_time(moment, seconds)}"
