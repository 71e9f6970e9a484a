"""Sending to an alert desk: one try, and what its answer means.

A second try with the same key and body is kept once by the desk and answered with the same receipt, so that a try
which was cut off is simply made again. A receipt is believed only when it names our key and the digest of what we
sent, whatever the clocks say; until one does, the filing counts as not arrived: an answer that proves nothing is tried
again, never taken.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

from alert_desk.errors import NotAsAgreed
from alert_desk.model import DeskReceipt
from alert_desk.reading import parse_problem, parse_receipt
from alert_desk.shapes import moment_ns
from diagnostics.model import SECOND, Remark
from jalerte_desktop.casefile.text import clean, clean_lines
from jalerte_desktop.filing.desk import FILING
from jalerte_desktop.filing.desk_wire import Answer, Bounds, Stop, Stopped, post
from jalerte_desktop.filing.outbox_model import Delivered, Filing, Outcome, Receipt, Refused, TryAgain

_DAY_NS = 86_400 * SECOND
_LONGEST_WAIT_S = 86_400.0
_LATER = (408, 425, 429)
_STOPS = {
    Stop.UNREACHABLE: "desk_unreachable",
    Stop.CERTIFICATE: "desk_certificate",
    Stop.CUT_OFF: "desk_cut_off",
    Stop.TOO_SLOW: "desk_slow",
    Stop.TOO_LARGE: "desk_endless",
}


class DeskSender:
    """Sends filings of the channel ``desk``. See ``outbox_model.Sender``."""

    repeatable = True

    def __init__(self, bounds: Bounds | None = None) -> None:
        self._bounds = bounds or Bounds()

    def send(self, filing: Filing, now_ns: int) -> Outcome:
        """One try: bounded in time, raises nothing for network errors.

        A certificate that does not hold counts as unreachable, not as a refusal: portals of cafés and wrong clocks
        make such certificates too, and nothing has left.
        """
        envelope = filing.envelope
        host = _host(envelope.destination)
        if urlsplit(envelope.destination).scheme != "https":
            return Refused(Remark.of("desk_not_https", host=host))
        headers = {name: value.replace(FILING, filing.id) for name, value in envelope.facts.items()}
        answer = post(envelope.destination, headers, envelope.content, self._bounds)
        if isinstance(answer, Stopped):
            return _stopped(answer, host)
        return _understood(answer, filing, host, now_ns)


def _stopped(stopped: Stopped, host: str) -> TryAgain:
    remark = Remark.of(_STOPS[stopped.stop], host=host, why=clean(stopped.why)[:160])
    return TryAgain(remark, unreachable=not stopped.connected)


def _understood(answer: Answer, filing: Filing, host: str, now_ns: int) -> Outcome:
    status = answer.status
    if status in (200, 201):
        return _received(answer, filing, host, now_ns)
    if 300 <= status < 400:
        target = _target(filing.envelope.destination, answer.headers.get("location", ""))
        return Refused(Remark.of("desk_redirects", host=host, target=target, status=status))
    if status in _LATER or status >= 500:
        remark = Remark.of("desk_later", host=host, status=status, why=_why(answer))
        return TryAgain(remark, unreachable=False, after_s=_patience_s(answer, now_ns))
    if 400 <= status < 500:
        code = {409: "desk_key_taken", 413: "desk_finds_too_large"}.get(status, "desk_refuses")
        return Refused(Remark.of(code, host=host, status=status, why=_why(answer)))
    return TryAgain(Remark.of("desk_no_receipt", host=host, why=f"HTTP {status}"), unreachable=False)


def _received(answer: Answer, filing: Filing, host: str, now_ns: int) -> Outcome:
    try:
        receipt = parse_receipt(answer.body)
    except NotAsAgreed as error:
        # Where, not why: that is in English for whoever made the desk.
        remark = Remark.of("desk_no_receipt", host=host, why=error.pointer or "JSON")
        return TryAgain(remark, unreachable=False)
    sent = hashlib.sha256(filing.envelope.content).hexdigest()
    if receipt.idempotency_key != filing.id or receipt.sha256 != sent:
        return TryAgain(Remark.of("desk_wrong_receipt", host=host), unreachable=False)
    at_ns, text = moment_ns(receipt.received_at), _words(receipt)
    if not filing.prepared_ns - _DAY_NS <= at_ns <= now_ns + _DAY_NS:
        # One of the clocks is wrong, and nobody here knows whose: the proof is the digest.
        at_ns, text = now_ns, f"{text[:1900]}\nreceived_at {receipt.received_at}"
    kept = Receipt(
        filing_id=filing.id,
        # The desk's clock may be a little ahead of ours; nothing is received later than now.
        at_ns=min(at_ns, now_ns),
        kind="desk",
        reference=clean(receipt.receipt_id),
        text=text,
        content=answer.body,
        media_type="application/json",
    )
    return Delivered(kept)


def _words(receipt: DeskReceipt) -> str:
    """Who received, and what they say happens now: the desk's own words, a line each."""
    lines = (receipt.desk.name, receipt.desk.url, *receipt.next_steps)
    return "\n".join(line for text in lines for line in clean_lines(text))


def _why(answer: Answer) -> str:
    """The desk's own words for a problem, short and on one line; "" when it gave none that can be read."""
    try:
        problem = parse_problem(answer.body)
    except NotAsAgreed:
        return ""
    return clean(problem.detail or problem.title)[:200]


def _patience_s(answer: Answer, now_ns: int) -> float | None:
    """Retry-After in seconds (RFC 9110 section 10.2.3), a day at most; None where there is none to be read."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(float(text), _LONGEST_WAIT_S)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    wait = (aware - datetime.fromtimestamp(now_ns // SECOND, UTC)).total_seconds()
    return min(max(wait, 0.0), _LONGEST_WAIT_S)


def _target(destination: str, location: str) -> str:
    """Whither a redirect leads, for people: a host, or "?" where its address is none."""
    try:
        return _host(urljoin(destination, location)) or "?"
    except ValueError:
        return "?"


def _host(url: str) -> str:
    """The host of an address, for people; "" when there is none."""
    try:
        return clean(urlsplit(url).hostname or "")[:120]
    except ValueError:
        return ""
