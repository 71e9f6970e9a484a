"""What has to be known of a speed result, as sentences: why it is only indicative, what limited it."""

from __future__ import annotations

from jalerte_desktop.words.language import N_

SPEED_NOTES: dict[str, str] = {
    "speed_server_replaced": N_("The server {server} could not be used: another one was taken in its place."),
    # why a result does not speak for the line
    "speed_wifi": N_("Measured over Wi-Fi: the radio link may be slower than the line."),
    "speed_tunnel": N_(
        "Everything went through the VPN ({tunnel}): this is its speed, not the line’s. Measure again "
        "without it."
    ),
    "speed_loopback": N_("The server was this computer itself: nothing went over the line."),
    "speed_server_at_home": N_(
        "The server was in the home’s own network: this is the speed at home, not the line’s."
    ),
    "speed_no_line": N_("The box did not make itself known: which line was measured cannot be said."),
    "speed_half_duplex": N_(
        "The cable works in half duplex, so it cannot send and receive at once: a damaged cable or an old "
        "switch does that."
    ),
    "speed_cable_limits": N_(
        "This computer’s cable runs at {speed_bps}, and the {direction} rate of {rate_bps} nearly fills "
        "it: the line may be faster than that."
    ),
    "speed_provider_indicative": N_(
        "What {provider} says is indicative only: its way of measuring is not ours to check."
    ),
    "speed_busy_machine": N_(
        "This computer’s processors were {share} busy in their busiest second: it may have been too slow "
        "for the line."
    ),
    "speed_busy_engine": N_(
        "This computer is what limits the {direction} rate: measuring alone kept one of its processors "
        "{share} busy."
    ),
    "speed_other_machine": N_(
        "Other programs on this computer moved {rate_bps} of {direction} traffic meanwhile, {share} of "
        "the whole: the line carried more than the figure says."
    ),
    "speed_other_home": N_(
        "Other devices at home moved {rate_bps} of {direction} traffic meanwhile by the box’s count, "
        "{share} of the whole: the line carried more than the figure says."
    ),
    "speed_far": N_("The server is {ms} ms away: from so far, the way to it counts for more than the line."),
    "speed_unsettled": N_(
        "The {direction} rate still swung when the time was over: it is known to ± {share} only."
    ),
    "speed_capped": N_(
        "The {direction} measurement ended at the data limit, before its rate was well known."
    ),
    "speed_cancelled": N_(
        "The {direction} measurement was broken off: its figure is that of the time until then."
    ),
    "speed_stopped": N_("The measurement was broken off before all of it was done."),
    "speed_failed": N_("The {direction} measurement failed: there is no figure to rely on."),
    "speed_nothing": N_("Nothing was measured."),
    "speed_counted_sent": N_(
        "The {direction} rate was counted as this computer handed the data over, not as it arrived: it "
        "may be too high."
    ),
    # what else has to be known of it
    "speed_line_not_confirmed": N_("Nobody has said yet whether this line is the one at home."),
    "speed_line_not_home": N_("This line is not the one at home, as you said."),
    "speed_beside_tunnel": N_("A VPN ({tunnel}) was on; the measurement went beside it, by the line itself."),
    "speed_metered": N_(
        "The system marks this connection as metered: the data of a measurement may cost money."
    ),
    "speed_clock_free": N_(
        "This computer’s clock was not synchronised: the time of the measurement may be wrong."
    ),
    "speed_clock_off": N_("This computer’s clock may be wrong by up to {ms} ms."),
    "speed_wifi_unnamed": N_("Which Wi-Fi this was, the system does not say."),
    "speed_wifi_radio": N_("The radio link then: signal {signal_dbm} dBm, sending at {speed_bps}."),
    "speed_machine_unknown": N_(
        "Whether other programs on this computer used the line meanwhile is not known."
    ),
    "speed_home_unknown": N_(
        "Whether other devices at home used the line meanwhile is not known: the box does not say."
    ),
    "speed_cpu_unknown": N_("How busy this computer was is not known."),
    "speed_distance_unknown": N_("How far away the server is, is not known."),
    "speed_family": N_("Measured over IPv{family}."),
    "speed_one_stream": N_(
        "The {direction} rate is that of a single connection: several at once often reach more."
    ),
    "speed_swung": N_("The {direction} rate swung a little until the end: it is known to ± {share}."),
    "speed_counted_received": N_("The {direction} rate was counted as this computer received the data."),
    "speed_counted_acknowledged": N_(
        "The {direction} rate was counted as the far end confirmed the data (TCP)."
    ),
    "speed_counted_server": N_("The {direction} rate was counted as the server said that the data arrived."),
    "speed_counted_reported": N_("The {direction} rate is another program’s figure, taken over."),
    # results side by side
    "speed_compare_wifi_below_cable": N_(
        "To a server at home, Wi-Fi carries {rate_bps} of {direction} traffic, cable {best_bps}: the "
        "Wi-Fi is slower than the home’s cables."
    ),
    "speed_compare_wifi_loses": N_(
        "The line gives {rate_bps} of {direction} traffic by Wi-Fi and {best_bps} by cable: the "
        "difference is lost on the radio link, not on the line."
    ),
    "speed_compare_wifi_keeps": N_(
        "The line gives {rate_bps} of {direction} traffic by Wi-Fi and {best_bps} by cable: little or "
        "nothing is lost on the radio link."
    ),
    "speed_compare_wifi_limits": N_(
        "By Wi-Fi, the line gives {rate_bps} of {direction} traffic, and a server at home hardly more "
        "({best_bps}): the Wi-Fi is what limits here."
    ),
    "speed_compare_wifi_may_limit": N_(
        "By Wi-Fi, the line gives {rate_bps} of {direction} traffic, and a server at home hardly more "
        "({best_bps}): the Wi-Fi may be what limits."
    ),
    "speed_compare_not_wifi": N_(
        "By Wi-Fi, a server at home gives {best_bps} of {direction} traffic, the line {rate_bps}: the "
        "Wi-Fi can do more, so it is not what limits."
    ),
    "speed_compare_wifi_unclear": N_(
        "By Wi-Fi, the line gave {rate_bps} of {direction} traffic, yet cable and a server at home gave "
        "{best_bps} or more: the Wi-Fi or the line changed in between. Measure both again, close "
        "together."
    ),
    "speed_compare_not_wiring": N_(
        "By cable, a server at home gives {best_bps} of {direction} traffic, the line {rate_bps}: cables, "
        "switches and this computer can do more, so they are not what limits."
    ),
    "speed_compare_wiring_may_limit": N_(
        "By cable, the line gives {rate_bps} of {direction} traffic, and a server at home hardly more "
        "({best_bps}): a cable, a switch, this computer or that server may be what limits."
    ),
    "speed_compare_other_lines": N_("{results:result|results} of other lines left out."),
    "speed_compare_lines_unsure": N_(
        "Whether all results are of the same home cannot be told: compare them with care."
    ),
    "speed_compare_servers": N_(
        "The results compared are not all against the same server: part of a difference may come from there."
    ),
    "speed_compare_apart": N_(
        "The results compared lie {days:day|days} apart: Wi-Fi and line may have changed in between."
    ),
    "speed_compare_old": N_(
        "{results:result|results} more than {days:day|days} old: nothing is concluded from that."
    ),
    "speed_compare_doubtful": N_(
        "{results:result|results} in doubt for another reason (see the notes there): nothing is concluded "
        "from that."
    ),
    "speed_compare_next_line_cable": N_(
        "To do: measure the line with this computer connected to the box by cable."
    ),
    "speed_compare_next_home_cable": N_(
        "To do: start “jalerte speed-server” on a second computer at home, both connected by cable, and "
        "measure against it."
    ),
    "speed_compare_next_line_wifi": N_("To do: measure the line by Wi-Fi, where you usually use it."),
    "speed_compare_next_home_wifi": N_(
        "To do: by Wi-Fi, measure against “jalerte speed-server” on a computer that is connected by cable."
    ),
    "speed_cli_small_reads": N_(
        "speedtest-cli reads in small pieces and discards nothing of the start: fast lines come out too slow."
    ),
    "speed_cli_upload_buffered": N_(
        "speedtest-cli counts an upload when this machine has buffered it, not when it arrived:"
        " the figure errs in either direction."
    ),
    # why a scheduled measurement was not made
    "held_busy": N_(
        "The link was busy ({rate_bps}): a measurement now would read too low, and would disturb whoever"
        " uses it."
    ),
    "held_metered": N_(
        "The link counts as paid by volume: nothing is measured over it without “--metered”, or without"
        " “metered = true” under [speed] in config.toml."
    ),
    "held_cap": N_(
        "The month’s data limit would be passed: {used_bytes} of {cap_bytes} are used, and a measurement"
        " costs about {cost_bytes}."
    ),
    "speed_other_reverse": N_(
        "While the {direction} rate was measured, other data filled the opposite direction ({rate_bps}): that holds a"
        " transfer up."
    ),
    "speed_streams_lost": N_(
        "Some connections of the {direction} measurement failed: the server, not the line, may have set the rate."
    ),
    "speed_not_filled": N_(
        "The {direction} measurement built up no queue: the server, a limiter or losses may have set the rate, and not"
        " the line’s capacity. Another server may show more."
    ),
    "speed_looks_like": N_(
        "The {direction} rate is what a link of {speed_bps} carries: an old switch, a damaged cable or a powerline"
        " adapter on the way to the box would look just so. Check them."
    ),
    "held_terms": N_(
        "{provider} takes no measurement so soon after the last, or no more of them today: again in {wait_s}."
    ),
    "held_another": N_("Another measurement is being made."),
    "held_no_line": N_("This computer is in no network that could be recognised."),
    "held_not_home": N_("This computer is not on a line that you confirmed as your home’s."),
    "held_clock": N_(
        "This computer’s clock is not synchronised, by its own account: the times of results may be off."
    ),
    "held_choice": N_("No provider is chosen, or its present terms were not read and agreed to."),
    "held_slept": N_(
        "This computer slept, or its clock was set: {missed:measurement was|measurements were} missed, and"
        " not caught up."
    ),
    "held_waits": N_("An earlier measurement was still waiting."),
    "held_campaign": N_("A campaign was begun: its measurements go first."),
    "held_process_start": N_("The measuring program could not be started."),
    "held_process_hung": N_("The measuring program did not come to an end, and was ended."),
    "held_process_failed": N_("The measuring program broke down."),
    "held_process_silent": N_("The measuring program ended without a result."),
}
