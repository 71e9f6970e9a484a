"""Delivery of what waits in the outbox: oldest first, one try at a time, never the same filing twice.

A try is claimed in a committed transaction before it is made, and only by the holder of ``outbox.lock``: whoever has
the lock and finds a try under way knows that a program ended in the middle of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from diagnostics.journal.lock import Held, Lock
from diagnostics.model import SECOND, Problem, Remark
from jalerte_desktop.casefile.case_file import CaseFile
from jalerte_desktop.casefile.text import clean, clean_lines
from jalerte_desktop.filing import channels, still_held
from jalerte_desktop.filing import outbox_store as store
from jalerte_desktop.filing.outbox_model import (
    Delivered,
    Filing,
    FilingState,
    Outcome,
    Receipt,
    Refused,
    Sender,
    TryAgain,
    Unsure,
)
from jalerte_desktop.findings.model import Findings

_LINE_FIRST_S, _LINE_LONGEST_S = 5.0, 300.0
_SERVER_FIRST_S, _LONGEST_S = 30.0, 3600.0
_UNCHECKED_S = 300.0
"""How long a filing waits where the measurements that it stands on cannot be read."""
_SWAY = 0.2
_FARTHEST_NS = round(_LONGEST_S * (1 + _SWAY)) * SECOND


def deliver_due(
    open_file: Callable[[], CaseFile],
    senders: Mapping[str, Sender],
    now_ns: Callable[[], int],
    random: Random,
    findings: Callable[[], Findings],
    *,
    only: str | None = None,
    tell: Callable[[Filing], None] = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
) -> int | None:
    """Try everything that is due, or the one filing ``only``; gives when the next one is due (UTC ns), None for never.

    ``findings`` gives those of the whole record; it is asked before each try of a filing that stands on a paper, and
    what no longer stands is stopped (see ``still_held``). ``tell`` gets each filing when its try begins and when it
    ended, and one that is stopped. ``stopping`` is asked between two tries.

    :raises Held: when another process is delivering: it takes what waits.
    """
    with open_file() as file, _lock(file):
        _recover(file)
        tried: set[str] = set()
        while not stopping():
            chosen = _next(file, senders, now_ns(), only, tried)
            if chosen is None:
                break
            tried.add(chosen)
            if not _may_leave(file, chosen, findings, now_ns(), tell):
                continue
            with file.writing() as db:
                if not store.claim(db, chosen, now_ns()):
                    continue
                filing = store.one(db, chosen)
                as_shown = store.is_as_shown(db, filing)
            _begin(file, filing, tell)
            sender = senders[filing.envelope.channel]
            outcome = _tried(sender, filing, now_ns()) if as_shown else Refused(Remark.of("send_changed"))
            tell(_record(file, filing, outcome, senders, now_ns(), random))
            if isinstance(outcome, TryAgain) and outcome.unreachable:
                _spare_the_others(file, filing, tried, now_ns())
        with file.reading() as db:
            return min(
                (due for name, channel, _, due, _ in store.waiting(db) if channel in senders), default=None
            )


def wake(file: CaseFile) -> None:
    """The way out has changed: what waits for a line is due at once, and its back-off begins anew."""
    with file.writing() as db:
        store.begin_anew(db, file.now_ns)


def recover(file: CaseFile) -> None:
    """Find tries that a program's end cut off, unless another process is delivering now.

    Where the other side knows a second try by its key it waits again; else nobody can be sure that it did not leave.
    """
    try:
        lock = _lock(file)
    except Held:
        return
    with lock:
        _recover(file)


def pause_s(outcome: TryAgain, tries: int, random: Random) -> float:
    """How long to wait after that many tries in a row, in seconds; swayed, so that many do not come at once."""
    if outcome.after_s is not None and outcome.after_s > 0:
        return min(outcome.after_s, _LONGEST_S)
    first, longest = (
        (_LINE_FIRST_S, _LINE_LONGEST_S) if outcome.unreachable else (_SERVER_FIRST_S, _LONGEST_S)
    )
    return min(longest, first * 2.0 ** min(max(tries - 1, 0), 30)) * random.uniform(1 - _SWAY, 1 + _SWAY)


def is_due(due_ns: int, tried_ns: int, now_ns: int) -> bool:
    """Whether its time has come. A clock that was set back since must not let it wait for ever."""
    return due_ns <= now_ns or tried_ns > now_ns or due_ns - now_ns > _FARTHEST_NS


def _lock(file: CaseFile) -> Lock:
    return Lock(file.path.with_name("outbox.lock"))


def _recover(file: CaseFile) -> None:
    with file.writing() as db:
        for filing_id, channel in store.being_sent(db):
            problem = Remark.of("send_cut_off")
            if channels.repeatable(channel):
                store.move(
                    db,
                    filing_id,
                    FilingState.SENDING,
                    FilingState.WAITING,
                    next_ns=file.now_ns,
                    problem=problem,
                )
            else:
                store.move(db, filing_id, FilingState.SENDING, FilingState.UNSURE, problem=problem)


def _next(
    file: CaseFile, senders: Mapping[str, Sender], now_ns: int, only: str | None, tried: set[str]
) -> str | None:
    with file.reading() as db:
        for filing_id, channel, _, due_ns, tried_ns in store.waiting(db):
            if filing_id in tried or channel not in senders:
                continue
            if filing_id == only or (only is None and is_due(due_ns, tried_ns, now_ns)):
                return filing_id
    return None


def _may_leave(
    file: CaseFile,
    filing_id: str,
    findings: Callable[[], Findings],
    now_ns: int,
    tell: Callable[[Filing], None],
) -> bool:
    """Whether it accuses nobody wrongly by now. One that does is stopped; where nobody can tell, it waits, untried."""
    with file.reading() as db:
        filing = store.one(db, filing_id)
    paper = still_held.paper_of(file, filing)
    if paper is None:
        return True
    waiting = FilingState.WAITING
    try:
        why = still_held.by_the_findings(paper, findings())
    except Problem:
        later, unchecked = now_ns + round(_UNCHECKED_S * SECOND), Remark.of("send_unchecked")
        with file.writing() as db:
            moved = store.move(db, filing_id, waiting, waiting, next_ns=later, problem=unchecked)
    else:
        if why is None:
            return True
        with file.writing() as db:
            moved = store.move(db, filing_id, waiting, FilingState.FAILED, problem=why, ended_ns=now_ns)
    if moved:
        with file.reading() as db:
            filing = store.one(db, filing_id)
        tell(filing)
    return False


def _begin(file: CaseFile, filing: Filing, tell: Callable[[Filing], None]) -> None:
    """Tell that a try begins. Whoever listens may be gone: then nothing has left, and it waits as before."""
    try:
        tell(filing)
    except BaseException:
        with file.writing() as db:
            store.move(db, filing.id, FilingState.SENDING, FilingState.WAITING, next_ns=file.now_ns)
        raise


def _tried(sender: Sender, filing: Filing, now_ns: int) -> Outcome:
    """One try. A sender that breaks down holds up nothing but its own filing, which waits behind the others."""
    try:
        return sender.send(filing, now_ns)
    except Exception as error:
        problem = Remark.of("send_broke", why=type(error).__name__)
    return TryAgain(problem, unreachable=False) if sender.repeatable else Unsure(problem)


def _record(
    file: CaseFile,
    filing: Filing,
    outcome: Outcome,
    senders: Mapping[str, Sender],
    now_ns: int,
    random: Random,
) -> Filing:
    """What became of a try, in one transaction with its receipt and the diary's entry."""
    if isinstance(outcome, Unsure) and senders[filing.envelope.channel].repeatable:
        outcome = TryAgain(outcome.problem, unreachable=True)
    sending = FilingState.SENDING
    with file.writing() as db:
        match outcome:
            case Delivered(receipt):
                if store.move(db, filing.id, sending, FilingState.SENT, ended_ns=now_ns):
                    store.put_receipt(db, _kept(receipt, filing), now_ns)
            case TryAgain(problem, unreachable):
                pause = pause_s(outcome, store.waits(db, filing.id), random)
                store.move(db, filing.id, sending, FilingState.WAITING, problem=problem)
                store.put_off(db, filing.id, now_ns + round(pause * SECOND), unreachable)
            case Refused(problem):
                store.move(db, filing.id, sending, FilingState.FAILED, problem=problem, ended_ns=now_ns)
            case Unsure(problem):
                store.move(db, filing.id, sending, FilingState.UNSURE, problem=problem)
        return store.one(db, filing.id)


def _kept(receipt: Receipt, filing: Filing) -> Receipt:
    """What the other side said is bounded and clean, whoever it was."""
    text = "\n".join(clean_lines(receipt.text))
    return replace(receipt, filing_id=filing.id, reference=clean(receipt.reference)[:200], text=text[:2000])


def _spare_the_others(file: CaseFile, filing: Filing, tried: set[str], now_ns: int) -> None:
    """Where one could not get through, the others for the same server wait as long, without a try of their own."""
    with file.writing() as db:
        own_due = store.one(db, filing.id).next_ns or now_ns
        for filing_id, channel, destination, due_ns, tried_ns in store.waiting(db):
            same = channel == filing.envelope.channel and (
                channel == "email" or destination == filing.envelope.destination
            )
            if same and filing_id not in tried and is_due(due_ns, tried_ns, now_ns):
                tried.add(filing_id)
                store.put_off(db, filing_id, own_due, for_line=True)
