"""DNS checks: a resolver asked directly, and the system's own through the C library.

An answer that the name does not exist, or has no address, still proves that the resolver works: OK, with the detail
``nxdomain`` or ``nodata``. An answer that says no (SERVFAIL, REFUSED …) is REFUSED, with the code's name.
Format: RFC 1035.
"""

from __future__ import annotations

import itertools
import os
import socket
import struct
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from diagnostics.clock import Clock, Reading
from diagnostics.model import Outcome, Sample, Target, quantise_rtt, quantise_time
from diagnostics.probes import sockets
from diagnostics.probes.answers import AnswerMemory, lie
from diagnostics.probes.binding import Binding, bind
from diagnostics.probes.lookup import BUSY, TIMEOUT, BoundedLookup

PORT = 53
RESEND_S = 1.0

_HEADER = struct.Struct("!HHHHHH")
_RECORD = struct.Struct("!HHIH")
_TYPE_A = 1
_CLASS_IN = 1
_RESPONSE, _TRUNCATED, _RECURSE = 0x8000, 0x0200, 0x0100
_RCODES = {1: "formerr", 2: "servfail", 3: "nxdomain", 4: "notimp", 5: "refused", 9: "notauth", 10: "notzone"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A response to our question. ``found`` are the addresses in its A records; ``broken`` when they cannot be read."""

    rcode: int
    truncated: bool
    found: tuple[str, ...]
    broken: bool

    @property
    def addresses(self) -> int:
        return len(self.found)


def encode_question(name: str) -> bytes:
    """The question section for the A records of ``name``. Raises ValueError when it is no DNS name."""
    labels = name.rstrip(".").encode("ascii").split(b".")
    if not all(0 < len(label) < 64 for label in labels):
        raise ValueError(f"not a DNS name: {name!r}")
    encoded = b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    if len(encoded) > 255:
        raise ValueError(f"too long for a DNS name: {name!r}")
    return encoded + struct.pack("!HH", _TYPE_A, _CLASS_IN)


def encode_query(identifier: int, question: bytes) -> bytes:
    return _HEADER.pack(identifier, _RECURSE, 1, 0, 0, 0) + question


def read_answer(data: bytes, identifier: int, question: bytes) -> Answer | None:
    """Read a response; None when it is none, or answers something else. Never raises."""
    if len(data) < _HEADER.size:
        return None
    got, flags, questions, answers, _, _ = _HEADER.unpack_from(data)
    if got != identifier or not flags & _RESPONSE:
        return None
    rcode, truncated = flags & 15, bool(flags & _TRUNCATED)
    if questions == 0 and rcode:
        return Answer(rcode, truncated, (), False)
    end = _HEADER.size + len(question)
    if questions != 1 or data[_HEADER.size : end].lower() != question.lower():
        return None
    found = _addresses(data, end, answers)
    return Answer(rcode, truncated, found or (), found is None)


def _addresses(data: bytes, offset: int, records: int) -> tuple[str, ...] | None:
    """The addresses in the A records among the next ``records``; None when they run past the end."""
    found: list[str] = []
    for _ in range(records):
        after = _skip_name(data, offset)
        if after is None or after + _RECORD.size > len(data):
            return None
        kind, klass, _, length = _RECORD.unpack_from(data, after)
        offset = after + _RECORD.size + length
        if offset > len(data):
            return None
        if (kind, klass, length) == (_TYPE_A, _CLASS_IN, 4):
            found.append(socket.inet_ntoa(data[offset - 4 : offset]))
    return tuple(found)


def _skip_name(data: bytes, offset: int) -> int | None:
    """Where a name ends. Pointers are not followed, so nothing here can go round in circles."""
    while offset < len(data):
        length = data[offset]
        if length >= 0xC0:
            return offset + 2
        if length >= 0x40:
            return None
        offset += 1 + length
        if length == 0:
            return offset
    return None


def judge(answer: Answer) -> tuple[Outcome, str]:
    """The outcome that a response stands for, and its detail."""
    if answer.rcode == 3:
        return Outcome.OK, "nxdomain"
    if answer.rcode:
        return Outcome.REFUSED, _RCODES.get(answer.rcode, f"rcode-{answer.rcode}")
    if answer.truncated:
        return Outcome.OK, ""
    if answer.broken:
        return Outcome.REFUSED, "bad-answer"
    return Outcome.OK, "" if answer.addresses else "nodata"


def _sample(
    target: Target, sent: Reading, outcome: Outcome, detail: str, rtt_ns: int | None = None
) -> Sample:
    rtt = None if rtt_ns is None else quantise_rtt(max(rtt_ns, 0))
    return Sample(target, quantise_time(sent.wall_ns), quantise_time(sent.mono_ns), outcome, rtt, detail)


class DirectDns:
    """A resolver asked over UDP for the A records of ``names``, in turn.

    The query is sent again after 1 s, as stub resolvers do; the round-trip time counts from the first sending.
    Outcomes: OK, REFUSED, LOST after ``timeout_s``, UNREACHABLE (an ICMP error, say nobody listens), SEND_ERROR,
    PORTAL for a public name without any public address: somebody on the way answered in the resolver's place.
    Raises ValueError for names that are none.
    """

    def __init__(
        self,
        target: Target,
        names: Sequence[str],
        clock: Clock,
        timeout_s: float = 2.0,
        *,
        port: int = PORT,
        binding: Binding | None = None,
        memory: AnswerMemory | None = None,
    ) -> None:
        self.target = target
        self._questions = itertools.cycle([(name.rstrip("."), encode_question(name)) for name in names])
        self._memory = AnswerMemory() if memory is None else memory
        self._clock = clock
        self._timeout_s = timeout_s
        self._port = port
        self._binding = Binding() if binding is None else binding

    def run(self) -> Sample:
        name, question = next(self._questions)
        sent = self._clock.read()
        inet = socket.AF_INET6 if sockets.family_of(self.target.address) == 6 else socket.AF_INET
        try:
            sock = socket.socket(inet, socket.SOCK_DGRAM)
        except OSError as error:
            return _sample(self.target, sent, Outcome.SEND_ERROR, sockets.errno_name(error.errno))
        with sock:
            try:
                bind(sock, sockets.family_of(self.target.address), self._binding.interface)
                if sys.platform == "linux":
                    sockets.ask_for_errors(sock, sockets.family_of(self.target.address))
                sock.connect(sockets.socket_address(self.target.address, self._port))
                sent = self._clock.read()
                outcome, detail = self._exchange(sock, name, question)
            except OSError as error:
                outcome, detail = sockets.explain(sock, error.errno)
                if isinstance(error, ConnectionRefusedError) and outcome is Outcome.SEND_ERROR:
                    outcome, detail = Outcome.UNREACHABLE, f"{self.target.address} port-unreachable"
            done = self._clock.mono_ns()
        rtt = done - sent.mono_ns if outcome.answered else None
        return _sample(self.target, sent, outcome, detail, rtt)

    def _exchange(self, sock: socket.socket, name: str, question: bytes) -> tuple[Outcome, str]:
        """Ask on a connected socket until an answer comes or the time is over. Raises OSError on network errors."""
        identifier = int.from_bytes(os.urandom(2), "big")
        query = encode_query(identifier, question)
        start = time.monotonic()
        deadline = start + self._timeout_s
        sock.send(query)
        resend = start + RESEND_S
        while True:
            now = time.monotonic()
            if now >= deadline:
                return Outcome.LOST, ""
            if now >= resend:
                resend = deadline
                sock.send(query)
            sock.settimeout(max(min(deadline, resend) - now, 0.001))
            try:
                data = sock.recv(2048)
            except TimeoutError:
                continue
            answer = read_answer(data, identifier, question)
            if answer is not None:
                changed = lie(name, answer.found, {}, frozenset())
                if changed:
                    return Outcome.PORTAL, f"{name} {changed}"
                self._memory.keep(name, answer.found, self._clock.mono_ns())
                return judge(answer)


class SystemDns:
    """The system's resolver, as programs meet it: ``getaddrinfo``, IPv4, without search domains.

    What glibc 2.36 was seen to say (in an empty network namespace, with files of ours as resolv.conf; Nov 2026):

    - EAI_NONAME after NXDOMAIN (and FORMERR), EAI_NODATA after an empty answer: a server did answer;
    - EAI_AGAIN for everything else alike: SERVFAIL, REFUSED, garbage, silence, port closed, no route, an empty
      resolv.conf.

    So with glibc's own DNS an EAI_NONAME is an answer: OK. It is not where ``nss-resolve`` (some of its versions give
    it without a network too) or another system's resolver stands between (macOS and Windows say "no such name" when
    they are offline): LOST then. EAI_AGAIN tells nothing of an answer, hence LOST and not REFUSED, except when no
    name server has a route: SEND_ERROR. The detail keeps the name of the code.

    A query that hangs longer than ``timeout_s`` is LOST, and no other is started beside it. While it hangs, ``run``
    waits for its end as long as for an answer, throws its outcome away, and reports LOST with the detail
    ``earlier-query-hangs``: in all that time the resolver answered nothing. Answers are never attributed to a later
    query. Names in a cache of the system's are answered from there: this check says what programs experience.

    PORTAL when the answer was changed on the way (``answers.lie``), with the name and the address given as the detail.
    ``memory`` is the one that the resolvers asked directly write into; ``canaries`` are names with their published
    addresses.
    """

    def __init__(
        self,
        target: Target,
        names: Sequence[str],
        clock: Clock,
        timeout_s: float = 3.0,
        *,
        lookup: BoundedLookup | None = None,
        noname_is_answer: Callable[[], bool] | None = None,
        memory: AnswerMemory | None = None,
        canaries: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.target = target
        self._names = itertools.cycle([name.rstrip(".") for name in names])
        self._memory = AnswerMemory() if memory is None else memory
        self._canaries = canaries or {}
        self._clock = clock
        self._timeout_s = timeout_s
        self._lookup = BoundedLookup(clock) if lookup is None else lookup
        self._noname_is_answer = _glibc_asks_itself if noname_is_answer is None else noname_is_answer

    def run(self) -> Sample:
        sent = self._clock.read()
        name = next(self._names)
        found = self._lookup.ask(name + ".", 4, self._timeout_s)
        outcome, detail = self._judge(found.error)
        told = lie(name, found.addresses, self._canaries, self._memory.lately(name, found.done_ns))
        if told:
            outcome, detail = Outcome.PORTAL, f"{name} {told}"
        rtt = found.done_ns - sent.mono_ns if outcome.answered or told else None
        return _sample(self.target, sent, outcome, detail, rtt)

    def _judge(self, error: str) -> tuple[Outcome, str]:
        if not error:
            return Outcome.OK, ""
        if error == TIMEOUT:
            return Outcome.LOST, ""
        if error == BUSY:
            return Outcome.LOST, error
        if error in ("EAI_NODATA", "EAI_ADDRFAMILY"):
            return Outcome.OK, "nodata"
        if error == "EAI_NONAME" and self._noname_is_answer():
            return Outcome.OK, "nxdomain"
        if not error.startswith("EAI_"):
            return Outcome.SEND_ERROR, error
        why = no_route_to(name_servers(_read("/etc/resolv.conf")))
        return (Outcome.SEND_ERROR, why) if why else (Outcome.LOST, error)


def name_servers(resolv_conf: str) -> list[str]:
    """The name servers that a resolv.conf names."""
    lines = (line.split() for line in resolv_conf.splitlines())
    return [words[1] for words in lines if len(words) >= 2 and words[0] == "nameserver"]


def no_route_to(servers: Sequence[str]) -> str:
    """An errno's name when none of the servers can be reached from here for want of a route; else empty."""
    why = ""
    for server in servers:
        try:
            sockets.source_for(server, PORT)
        except OSError as error:
            why = why or sockets.errno_name(error.errno)
        else:
            return ""
    return why


def _glibc_asks_itself() -> bool:
    return sys.platform == "linux" and asks_servers_itself(_read("/etc/nsswitch.conf"))


def asks_servers_itself(nsswitch: str) -> bool:
    """Whether names are looked up by the C library's own DNS client, by the ``hosts`` line of nsswitch.conf."""
    for line in nsswitch.splitlines():
        words = line.partition("#")[0].split()
        if words[:1] == ["hosts:"]:
            return "dns" in words and "resolve" not in words
    return True


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", "replace")
    except OSError:
        return ""
