"""The arguments of a verdict, in words."""

from __future__ import annotations

from collections.abc import Callable

from diagnostics.model import Problem, Remark, Scalar
from jalerte_desktop.words.arguments import ARGUMENTS
from jalerte_desktop.words.campaigns import CAMPAIGN_REMARKS
from jalerte_desktop.words.checks import CHECKS
from jalerte_desktop.words.errors import say_problem
from jalerte_desktop.words.figures import duration, number, percent
from jalerte_desktop.words.language import N_, _, current
from jalerte_desktop.words.speed_notes import SPEED_NOTES

_SENTENCES: dict[str, str] = {
    **ARGUMENTS,
    **CHECKS,
    **SPEED_NOTES,
    **CAMPAIGN_REMARKS,
    # reasons
    "anchors_silent": N_(
        "{anchors} anchors on {networks} distinct networks did not answer ({tries:try|tries})."
    ),
    "own_anchors_silent": N_("{anchors} anchors chosen by you did not answer ({tries:try|tries})."),
    "ipv6_silent": N_("All anchors reached over IPv6 were silent; those over IPv4 answered."),
    "box_answers": N_("The box answered {answered} of {tries:try|tries} meanwhile."),
    "box_says_unreachable": N_(
        "The box itself reported {times:time|times} that it had no way to the internet."
    ),
    "box_silent": N_("The box, which usually answers, was silent ({tries:try|tries})."),
    "box_answers_badly": N_("The box missed {missed} of {tries:try|tries}."),
    "carrier_held": N_("This computer saw no interruption of its link to the box."),
    "carrier_lost": N_("This computer’s network link was down (cable, Wi-Fi or interface)."),
    "route_lost": N_("This computer had no route to the internet."),
    "no_way_out": N_("This computer could not send ({error}, {tries:try|tries})."),
    "sending_forbidden": N_(
        "This computer forbade sending ({error}, {tries:try|tries}): a firewall, most likely."
    ),
    "hop_answers": N_(
        "The first router beyond the box ({address}) answered {answered:time|times}: the access line worked."
    ),
    "hop_silent": N_(
        "The first router beyond the box ({address}), which usually answers, was silent ({tries:try|tries})."
    ),
    "other_probes_failed": N_("Other kinds of probe failed too: {probes}."),
    "loss_to_anchors": N_("{share} of the tries to the anchors were lost ({missed} of {tries})."),
    "loss_to_box": N_("Up to the box: {share} lost ({missed} of {tries})."),
    "loss_to_hop": N_("Up to the first router beyond the box: {share} lost ({missed} of {tries})."),
    "slow_to_anchors": N_(
        "The time to the anchors was {excess_ms} ms above its usual value (at worst {worst_ms} ms)."
    ),
    "slow_to_box": N_("Up to the box: {excess_ms} ms more than usual."),
    "slow_to_hop": N_("Up to the first router beyond the box: {excess_ms} ms more than usual."),
    "anchors_answer": N_("The anchors answered by address: the line carried packets."),
    "names_fail": N_("The system’s resolver failed {tries:time|times} ({detail})."),
    "names_slow": N_("The system’s resolver was slow {tries:time|times} (up to {worst_ms} ms)."),
    "other_resolver_answers": N_("Another resolver, asked directly, answered {answered:time|times}."),
    "other_resolver_fails": N_("Another resolver, asked directly, failed too ({failed:time|times})."),
    "web_check_answered_by_other": N_(
        "Somebody else answered in the web check’s place ({tries:time|times}: {detail})."
    ),
    "one_anchor_silent": N_("The anchor {address} is silent."),
    "other_anchors_answer": N_("The other anchors answer."),
    "check_slow": N_("The anchors answer, but slowly: {median_ms} ms in the median."),
    "web_fails": N_("The web check failed ({detail})."),
    "one_page_only": N_("Only one page was tried: its own server may be down."),
    "all_answer": N_("Every layer answers."),
    # counter-evidence
    "other_probes_answered": N_("Another kind of probe was answered meanwhile: {probes}."),
    "only_pings": N_("Only pings failed; no other kind of probe was tried in that time."),
    "hop_never_answers": N_(
        "The first router beyond the box never answers: the access line and the network behind it cannot be told apart."
    ),
    "box_never_answers": N_(
        "The box never answers pings: a failure of the box or of the home network is not ruled out."
    ),
    "hop_tried_little": N_("The first router beyond the box was tried only {tries:time|times} in that time."),
    "hop_may_be_at_home": N_(
        "The first router beyond the box ({address}) has an address of home networks: it may be a second box of yours."
    ),
    "trouble_before": N_(
        "The line was slow or losing packets just before: a line full of the household’s traffic does that too."
    ),
    "box_came_back_first": N_(
        "The box missed {missed:try|tries}, then answered again before the internet was back."
    ),
    "line_may_have_failed_too": N_(
        "A box that restarts waits for its line: the line may have failed as well."
    ),
    "own_anchors": N_(
        "The anchors are those of your configuration: nothing checks that they are on distinct networks."
    ),
    "box_tried_little": N_("The box was tried too seldom in that time to tell."),
    "wifi_or_box": N_("On Wi-Fi, a silent box and a lost signal look the same."),
    "few_networks": N_("Only {networks} distinct networks were tried."),
    "one_machine_observes": N_("A single computer observes."),
    "box_restart_looks_alike": N_(
        "A restart of the box looks the same from a computer that is plugged into it."
    ),
    "switch_or_cable_looks_alike": N_(
        "A switch or a cable between this computer and the box could look the same."
    ),
    "box_and_line_both": N_("The home network and the line may both have had a part in it."),
    "box_may_drop_pings": N_("A busy box may drop pings without dropping traffic."),
    "box_may_be_busy": N_("A busy box answers pings late without delaying traffic."),
    "household_not_ruled_out": N_("The household’s own traffic could not be ruled out."),
    "whose_resolver": N_("The resolver may be the box’s, the operator’s or one chosen on this computer."),
    "port_53_may_be_closed": N_("This network may forbid asking other resolvers."),
    "not_the_operator": N_("Nothing here concerns the operator’s line."),
    "not_counted": N_("This is not counted against the line."),
    "short_check": N_("A check of a few seconds says nothing of the rest of the day."),
}

_PROBES = {
    "anchor": N_("ping"),
    "resolver": N_("name resolution"),
    "system_resolver": N_("name resolution"),
    "web": N_("web page"),
    "tcp_check": N_("connection to port 443"),
}


_DETAILS = {
    "lost": N_("no answer"),
    "no-answer": N_("no answer"),
    "earlier-query-hangs": N_("still no answer to the query before"),
    "unreachable": N_("unreachable"),
    "send_error": N_("could not be sent"),
    "servfail": N_("the resolver reports a failure"),
    "refused": N_("refused"),
    "formerr": N_("the resolver does not understand the question"),
    "notimp": N_("the resolver does not do that"),
    "notauth": N_("refused"),
    "notzone": N_("refused"),
    "nodata": N_("the name has no address"),
    "nxdomain": N_("the name does not exist"),
    "EAI_AGAIN": N_("no resolver answers"),
    "EAI_NONAME": N_("the name is not found"),
    "EAI_NODATA": N_("the name has no address"),
    "EAI_FAIL": N_("the resolver reports a failure"),
    "EAI_SYSTEM": N_("the system reports a failure"),
    "EAI_MEMORY": N_("this computer is short of memory"),
    "ENETUNREACH": N_("no route"),
    "ENETDOWN": N_("the network interface is down"),
    "ENODEV": N_("the network interface is gone"),
    "ENXIO": N_("the network interface is gone"),
    "EADDRNOTAVAIL": N_("this computer has no address"),
    "EAFNOSUPPORT": N_("this computer lacks that kind of address"),
    "EPERM": N_("this computer forbids it"),
    "EACCES": N_("this computer forbids it"),
    "ENOBUFS": N_("this computer’s send queue is full"),
    "EAGAIN": N_("this computer is too busy"),
    "EMSGSIZE": N_("too large a packet"),
    "ETIMEDOUT": N_("no answer in time"),
    "ECONNRESET": N_("connection broken off"),
    "EPIPE": N_("connection broken off"),
    "ECONNABORTED": N_("connection broken off"),
    "ENETRESET": N_("connection broken off"),
    "EHOSTUNREACH": N_("the box does not answer"),
    "ECONNREFUSED": N_("connection refused"),
    "timeout": N_("no answer in time"),
    "no-connection": N_("no connection"),
    "large-hangs": N_("began, then hung"),
    "bad-answer": N_("not a proper answer"),
    "unresolved": N_("the name did not resolve"),
}


_EMPTY_PAGE = "204 with a body"


def _detail(value: Scalar) -> str:
    """What happened, in words; a code that has none (another program's, a newer version's) as it is."""
    text = str(value)
    if text in _DETAILS:
        return _(_DETAILS[text])
    first = text.partition(" ")[0]
    if text == _EMPTY_PAGE or first == "200":
        return _("a page instead of an empty answer")
    if len(first) == 3 and first.isdecimal():
        return _http(first, text.partition(" ")[2])
    if text.endswith(("-unreachable", "-prohibited")):
        return _("unreachable, says {by}").format(by=first)
    if first.startswith("rcode-"):
        return _("the resolver’s answer no. {code}").format(code=first.removeprefix("rcode-"))
    return text


def _http(status: str, place: str) -> str:
    if status.startswith("3") and place:
        return _("sent on to {place}").format(place=place)
    return _("the web answer no. {status}").format(status=status)


def _probes(value: Scalar) -> str:
    return ", ".join(_(_PROBES.get(name, name)) for name in str(value).split(","))


def _ms(value: Scalar) -> str:
    return number(float(str(value)))


_DIRECTIONS = {"down": N_("incoming"), "up": N_("outgoing")}


def _rate(value: Scalar) -> str:
    return _("{rate} Mbit/s").format(rate=number(int(str(value)) / 1_000_000, 1))


def _speed(value: Scalar) -> str:
    """A link's rate, which comes in round numbers: ``1 Gbit/s``, ``2,5 Gbit/s``, ``100 Mbit/s``."""
    mega = int(str(value)) / 1_000_000
    if mega < 1000:
        return _("{rate} Mbit/s").format(rate=number(mega))
    return _("{rate} Gbit/s").format(rate=number(mega / 1000, 0 if mega % 1000 == 0 else 1))


def _volume(value: Scalar) -> str:
    """Bytes, in round figures: ``640 MB``, ``2,5 GB``."""
    mega = int(str(value)) / 1_000_000
    if mega < 1000:
        return _("{volume} MB").format(volume=number(mega))
    return _("{volume} GB").format(volume=number(mega / 1000, 1))


_DUPLEX = {"full": N_("full duplex"), "half": N_("half duplex")}

_FORMATS: dict[str, Callable[[Scalar], str]] = {
    "share": lambda value: percent(float(str(value))),
    "other_share": lambda value: percent(float(str(value))),
    "detail": _detail,
    "error": _detail,
    "excess_ms": _ms,
    "worst_ms": _ms,
    "wait_s": lambda value: duration(float(str(value))),
    "within_ms": lambda value: number(float(str(value)), 1),
    "median_ms": lambda value: number(float(str(value)), 1),
    "ms": _ms,
    "room_ms": _ms,
    "other_ms": _ms,
    "band_ghz": lambda value: number(float(str(value)), 0 if float(str(value)).is_integer() else 1),
    "probes": _probes,
    "direction": lambda value: _(_DIRECTIONS[str(value)]),
    "duplex": lambda value: _(_DUPLEX[str(value)]),
    "rate_bps": _rate,
    "speed_bps": _speed,
    "best_bps": _rate,
    "used_bytes": _volume,
    "cap_bytes": _volume,
    "cost_bytes": _volume,
}


def say(remark: Remark) -> str:
    """One argument as a sentence in the active language; a problem told as a fact of something has its own sentence."""
    if remark.code not in _SENTENCES:
        return say_problem(Problem(remark.code, **dict(remark.values)))
    values = {
        name: _FORMATS[name](value) if name in _FORMATS else _plain(value) for name, value in remark.values
    }
    return _(_SENTENCES[remark.code]).format(**values)


class Count(float):
    """A number in a sentence: ``{tries}`` is the number alone, ``{tries:try|tries}`` brings the word that fits it.

    Each language's text holds its own two forms; French has the singular below two.
    """

    def __format__(self, forms: str) -> str:
        value = float(self)
        if not forms:
            return number(value)
        one, several = forms.split("|")
        singular = abs(value) < 2 if current() == "fr" else value == 1
        return f"{number(value)} {one if singular else several}"


def _plain(value: Scalar) -> Count | str:
    return Count(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def known_codes() -> frozenset[str]:
    """Every code that has words."""
    return frozenset(_SENTENCES)
