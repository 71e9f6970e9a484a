"""What campaigns say: rejected measurements, criteria, preconditions, as sentences."""

from __future__ import annotations

from jalerte_desktop.words.language import N_

CAMPAIGN_REMARKS: dict[str, str] = {
    # why a measurement does not count: its time
    "campaign_too_soon": N_(
        "Too soon: it began {after:minute|minutes} after the measurement before; {rest} are asked for."
    ),
    "campaign_enough_today": N_("Enough of that day: {tries:measurement|measurements} are there already."),
    "campaign_day_too_soon": N_(
        "Too soon after the measuring day before: {free_days:calendar day|calendar days} without measurements"
        " must lie between."
    ),
    "campaign_outside_window": N_(
        "Outside the time of the series, which ends {days:day|days} after its first measuring day."
    ),
    "campaign_outside_hours": N_(
        "Outside the time of the series, which ends {hours:hour|hours} after its start."
    ),
    "campaign_hour_full": N_("This hour has its {tries:measurement|measurements} already."),
    "campaign_over": N_("The series was over."),
    "campaign_day_incomplete": N_(
        "That day stayed incomplete ({tries:measurement|measurements}; {needed} are needed) and does not count."
    ),
    "campaign_cycle_incomplete": N_(
        "That cycle stayed incomplete ({tries:measurement|measurements}; {needed} are needed, over at least"
        " {minutes:minute|minutes}) and does not count."
    ),
    # why a measurement does not count: its circumstances
    "campaign_by_hand": N_(
        "Made by hand: only measurements at the times of the series count, made by the recorder or by “jalerte"
        " campaign run”."
    ),
    "campaign_other_provider": N_(
        "Measured with another provider ({provider}) than the series’ own ({wanted})."
    ),
    "campaign_other_server": N_("Measured against another server than the series’ own ({server})."),
    "campaign_cancelled": N_("Broken off before its end."),
    "campaign_direction_missing": N_("The {direction} rate was not measured."),
    "campaign_server_at_home": N_("The server stands in the home itself: this says nothing of the line."),
    "campaign_wifi": N_("Over Wi-Fi: these rules ask for a cable."),
    "campaign_no_cable": N_("Not over a network cable: these rules ask for one."),
    "campaign_medium_unknown": N_("Whether a cable was used is not known: these rules ask for one."),
    "campaign_link_slow": N_(
        "This computer’s cable runs at {speed_bps} and carries {rate_bps} at most: none of the promised speeds could"
        " be judged over it, the least of which asks for {best_bps}."
    ),
    "campaign_link_unknown": N_("The rate of the computer’s cable link is not known: it may be what limits."),
    "campaign_tunnel": N_("A VPN was on."),
    "campaign_cpu": N_("The computer was busy: {share} of its processors."),
    "campaign_other_traffic": N_("Others used the line meanwhile: {rate_bps} of {direction} traffic."),
    "campaign_line_unknown": N_("Which line this was is not known."),
    "campaign_other_line": N_("This was another line than the series’ own."),
    "campaign_not_home": N_("This line is not the one at home."),
    "campaign_indicative": N_("The measurement is only indicative: it may not speak for the line."),
    # why a series cannot be completed
    "campaign_stopped": N_("It was stopped before its end."),
    "campaign_too_many_tries": N_(
        "{tries:measurement was|measurements were} made without completing the series: something is in the way."
    ),
    "campaign_window_missed": N_(
        "The measuring days that are still needed no longer fit into {days:day|days}: begin a new series."
    ),
    "campaign_not_begun": N_(
        "No measuring day came about within {days:day|days}: begin a new series when this computer can stay on."
    ),
    "campaign_slots_missed": N_(
        "{missing:measurement|measurements} can no longer be made up for in their hours: begin a new series."
    ),
    # why a provider may not be used
    "campaign_provider_indicative": N_(
        "Results of {provider} are only indicative: only the free rule set takes them."
    ),
    "campaign_terms_least": N_(
        "{provider} asks for at least {least:minute|minutes} between unattended measurements; these rules leave"
        " {spacing}. Choose another provider, or wider spacing."
    ),
    "campaign_terms_mean": N_(
        "{provider} asks for {mean:minute|minutes} on average between unattended measurements; these rules leave"
        " {spacing}. Choose another provider, or wider spacing."
    ),
    "campaign_terms_day": N_(
        "{provider} allows {most:unattended measurement|unattended measurements} a day; these rules make up to"
        " {tries}. Choose another provider, or wider spacing."
    ),
    # the figures of a criterion
    "campaign_days_reached": N_(
        "On {days} of {of_days:day|days} at least one measurement reached {rate_bps}, {percent} % of the promised"
        " {best_bps} ({reached} of {tries:measurement|measurements}); {needed:day is|days are} required."
    ),
    "campaign_days_below": N_(
        "On {days} of {of_days:day|days} at least one measurement was below the promised {best_bps}"
        " ({below} of {tries:measurement|measurements}); it has to be on fewer than {needed:day|days}."
    ),
    "campaign_share_reached": N_(
        "{reached} of {tries:measurement|measurements} ({share}) reached the promised {best_bps}; {percent} % are"
        " required."
    ),
    "campaign_quantile": N_(
        "{rate_bps} was reached by {percent} % of the measurements; promised: {best_bps} ({reached} of"
        " {tries:measurement|measurements} reached it)."
    ),
    "campaign_delay_quantile": N_(
        "{percent} % of the measurements had a delay of {within_ms} ms or less; promised: {promised_ms} ms"
        " ({reached} of {tries:measurement|measurements} within it)."
    ),
    "campaign_cable_less": N_(
        "Not judged: this computer’s cable runs at {speed_bps} and carries {rate_bps} at most; {best_bps} would have"
        " to be reached."
    ),
    "campaign_cable_full": N_(
        "Not judged: {tries:measurement|measurements} nearly filled this computer’s cable ({speed_bps}), which carries"
        " {rate_bps} at most: the line may be faster. {best_bps} would have to be reached."
    ),
    "campaign_no_promise": N_("Not judged: no promised value is known."),
    "campaign_no_delay": N_("Not judged: no delay was measured."),
    "campaign_nothing_yet": N_("No measurement counts yet."),
    # what the person confirms once, at the start
    "campaign_says_line": N_("This is my line, and the promised speeds are those of my contract."),
    "campaign_says_cable": N_("This computer stays plugged into the box by a network cable."),
    "campaign_says_wifi_off": N_("This computer’s Wi-Fi stays off during the measurements."),
    "campaign_says_quiet": N_("Nobody else uses the line during the measurements."),
    "campaign_says_computer_quiet": N_("No other program on this computer is busy during the measurements."),
    "campaign_says_no_vpn": N_("No VPN is on during the measurements."),
}

CRITERIA: dict[str, str] = {
    "maximum": N_("maximum speed"),
    "normal": N_("normally available speed"),
    "minimum": N_("minimum speed"),
    "delay": N_("delay"),
}
"""The criteria's names, by their id in the rule sets."""

RULE_SUMMARIES: dict[str, str] = {
    "bnetza": N_(
        "30 measurements on 3 days, 10 a day, with a day between; all within 14 days. After the German regulator."
    ),
    "rtr": N_(
        "3 cycles of two hours on 3 days, one measurement every 15 minutes, within 14 days. After the Austrian"
        " regulator."
    ),
    "agcom": N_(
        "96 measurements, one every 15 minutes for 24 hours; missed ones are made up for within 48 hours. After the"
        " Italian regulator."
    ),
    "free": N_("A number and a spacing of your own; modelled on no procedure."),
}

WARNINGS: dict[str, str] = {
    "no_status": N_(
        "This result has no certified status: France has no certified measuring mechanism. It is ordinary evidence,"
        " by a method modelled on a procedure of another country."
    ),
    "no_status_free": N_(
        "This result has no certified status: France has no certified measuring mechanism. It is ordinary evidence,"
        " by rules of your own choice."
    ),
    "T": N_(
        "Some of these rules were read in the press or on other third parties’ pages, not at their source."
    ),
    "M": N_("Some of these rules are known from memory and were not read at their source: check them first."),
}
