"""Arguments that come from witnesses and from detectors of partial troubles: their sentences by code."""

from __future__ import annotations

from jalerte_desktop.words.language import N_

ARGUMENTS: dict[str, str] = {
    # what the box says
    "box_says_line_down": N_("The box itself said that its line was down ({times:time|times})."),
    "box_line_restarted": N_("By the box’s own count, its connection began anew in that time."),
    "box_says_restarted": N_("By the box’s own count, it restarted in that time."),
    "box_says_line_up": N_("The box itself said that its line was up."),
    "box_had_been_silent": N_(
        "The box had been silent just before, as when it restarts: its line then needs a while to come back."
    ),
    "hung_box_looks_alike": N_("A box that hangs, answering but passing nothing on, looks the same."),
    "box_restarted_after": N_(
        "The box fell silent afterwards, as when it restarts: it may have hung before rather than lost its line."
    ),
    # what the counters say
    "home_traffic": N_(
        "The box counted {rate_bps} of the home’s own {direction} traffic; the most seen on this line is {best_bps}."
    ),
    "machine_traffic": N_(
        "This computer itself carried {rate_bps} of {direction} traffic; the most seen on this line is {best_bps}."
    ),
    "traffic_may_stay_at_home": N_(
        "This computer’s counter does not tell the internet’s traffic from the home’s."
    ),
    "household_ruled_out": N_("By the box’s counters, the home itself used the line very little."),
    "delay_steady": N_("The delay was steady; a line full of traffic makes it rise and fall."),
    "lost_meanwhile": N_("{missed} of {tries:try was|tries were} lost meanwhile."),
    # what the Wi-Fi adapter says
    "wifi_signal": N_("The Wi-Fi signal went down to {signal_dbm} dBm."),
    "wifi_left": N_("This computer had lost the Wi-Fi."),
    "wifi_moved": N_("This computer changed Wi-Fi access points {times:time|times}."),
    # other kinds of probe
    "checks_failed_too": N_("Other kinds of probe failed or had to be repeated too ({times:time|times})."),
    "checks_slow_too": N_("Connections of another kind were slower too, by {excess_ms} ms."),
    "hop_tells_little": N_(
        "The first router beyond the box was tried {tries:time|times} only: too few to tell the line from what lies"
        " behind."
    ),
    "box_tells_little": N_(
        "The box was tried {tries:time|times} only: too few to tell the home network from the line."
    ),
    "interface_errors": N_(
        "This computer’s network interface counted {errors} broken packets: a bad cable or plug."
    ),
    "could_not_send": N_("This computer could not send ({error}, {tries} tries)."),
    "line_unknown_meanwhile": N_("Nothing left this computer: what the line did meanwhile is not known."),
    "tries_held_at_home": N_(
        "This computer, or a device at home, did not let the tries to {anchors} anchors out ({tries} tries)."
    ),
    # some of the internet
    "ipv4_silent": N_("All anchors reached over IPv4 were silent; those over IPv6 answered."),
    "box_may_translate_badly": N_("A box that translates addresses badly looks the same."),
    "network_refused": N_(
        "A router on the way ({by}) said {times:time|times} that it knows no way to {address}."
    ),
    "router_may_be_far": N_("That router may belong to another network than the operator’s."),
    "networks_out": N_("Networks out of reach among those tried: {networks}."),
    "several_anchors_silent": N_("{anchors} anchors on distinct networks fell silent together."),
    "far_networks_may_share_a_fault": N_("Far networks may fail together for a reason of their own."),
    "large_hangs": N_("Small answers came, large ones hung ({times:try|tries})."),
    "where_packets_vanish_unknown": N_(
        "Where on the way large packets vanish is not known: at home, at the operator’s or beyond."
    ),
    "tunnel_silent": N_("Nothing came through the VPN ({tries:try|tries})."),
    # names
    "names_lie": N_("The system’s resolver gave a wrong answer {times:time|times} ({detail})."),
    "other_resolver_lies": N_("Another resolver, asked directly, gave a wrong answer too ({times} times)."),
    "vpn_asks_names": N_("A VPN was on: its own resolver was asked."),
}
