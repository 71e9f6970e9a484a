"""What a check says: its layers, what to try next and why, and rooms side by side; sentences by code."""

from __future__ import annotations

from jalerte_desktop.words.language import N_

CHECKS: dict[str, str] = {
    # layers
    "layer_link": N_("{interface} is connected, the way out goes through {gateway}."),
    "layer_link_down": N_("{interface} has no link."),
    "layer_no_route": N_("No way out to the internet is set up."),
    "layer_not_tried": N_("Not tried: no address is known."),
    "layer_silent": N_("No answer to {tries:try|tries}."),
    "layer_cable": N_(
        "{interface} is connected ({speed_bps}, {duplex}, MTU {mtu}), the way out goes through {gateway}."
    ),
    "layer_answers": N_("Answered {answered} times out of {tries}, median {median_ms} ms."),
    "layer_some_silent": N_(
        "Answered {answered} times out of {tries}, median {median_ms} ms; silent addresses: {silent} of {anchors}."
    ),
    "layer_made": N_("Connections made to port 443: {answered} of {tries}, median {median_ms} ms."),
    "layer_no_connection": N_("No connection to port 443 could be made."),
    "layer_failed": N_("Failed ({detail})."),
    "layer_answered_in": N_("Answered in {ms} ms."),
    "layer_portal": N_("Somebody else answered ({detail}): a captive portal."),
    "layer_wrong_page": N_("Another page came ({detail}): the wrong name led there."),
    "layer_names_lie": N_("A wrong answer was given ({detail})."),
    "layer_box_line_up": N_("The box says that its line is up."),
    "layer_box_line_young": N_("The box’s connection has been up for {minutes} min."),
    "layer_box_line_down": N_("The box says that its line is down."),
    "layer_wifi": N_("Signal {signal_dbm} dBm, {rate_bps} on {band_ghz} GHz."),
    "layer_wifi_signal": N_("Signal {signal_dbm} dBm."),
    "layer_wifi_left": N_("This computer is in no Wi-Fi."),
    "layer_wifi_unknown": N_("The system does not tell the signal."),
    "layer_tunnel_full": N_(
        "{tunnel} is up and carries everything; answers through it: {answered} of {tries}."
    ),
    "layer_tunnel": N_("{tunnel} is up; answers through it: {answered} of {tries}."),
    "layer_tunnel_untried": N_("{tunnel} is up; its other end is not known and was not tried."),
    "layer_tunnel_silent": N_("{tunnel} is up; no answer to {tries:try|tries} through it."),
    "layer_tunnel_all": N_("{tunnel} is up, and nothing gets out beside it."),
    # reasons
    "essentials_answer": N_("Anchors, names and the web page answer."),
    "check_slow_box": N_("Up to the box: {median_ms} ms in the median."),
    "check_slow_hop": N_("Up to the first router beyond the box: {median_ms} ms in the median."),
    "large_hung": N_("Small answers came, the large one hung."),
    "traffic_now_home": N_("The box counted {rate_bps} of the home’s own {direction} traffic meanwhile."),
    "traffic_now_machine": N_("This computer itself carried {rate_bps} of {direction} traffic meanwhile."),
    # reserves
    "some_layer_fails": N_(
        "What fails above was tried once only, or answers no pings: that alone is no trouble."
    ),
    "line_rate_unknown": N_("No recording tells how much this line can carry."),
    "usual_time_unknown": N_("No recording tells how soon this line usually answers."),
    "hop_not_tried": N_(
        "The first router beyond the box is not known and was not tried: the access line and the network behind it"
        " cannot be told apart."
    ),
    "box_not_tried": N_("The box’s address is not known: it was not tried."),
    "box_silent_now": N_(
        "The box answered no pings, and no recording tells whether it usually does: a failure of the box or of the"
        " home network is not ruled out."
    ),
    "box_started_lately": N_(
        "By its own count the box started {minutes} min ago: its line may need ten minutes to come back."
    ),
    "wifi_weak": N_("So weak a signal loses packets as soon as somebody stands in the way."),
    "seen_through_tunnel": N_(
        "Everything went through the VPN ({tunnel}): nothing can be said of the line itself."
    ),
    # what to try next, and why
    "advise_cable": N_(
        "Connect this computer to the box by cable and run the check again: if the trouble is gone, it was the Wi-Fi."
    ),
    "advise_other_cable": N_(
        "Try another cable and another socket of the box, then run the check again: a bad plug is the most common"
        " fault on a cable."
    ),
    "advise_wifi_instead": N_(
        "Try by Wi-Fi, close to the box: if that works, the cable, the socket or a switch is at fault."
    ),
    "advise_nearer": N_("Go nearer to the box, or move it into the open: walls weaken the signal."),
    "advise_rooms": N_(
        "Run “jalerte check --room NAME” here and then beside the box: the comparison tells whether it is this place."
    ),
    "advise_band": N_(
        "Choose the box’s 5 GHz network where it reaches: at 2.4 GHz the neighbours’ networks and microwave ovens"
        " interfere."
    ),
    "advise_room_wifi": N_(
        "In “{room}”, come nearer to the box, use a cable, or put a Wi-Fi repeater halfway: the line itself is not"
        " what fails there."
    ),
    "advise_box": N_(
        "See whether the box’s lights are normal; restart it once, wait five minutes and run the check again: a box"
        " that hangs answers afterwards."
    ),
    "advise_box_line": N_(
        "If it lasts, restart the box once, wait five minutes and run the check again: the line synchronises anew,"
        " and customer service asks for it first."
    ),
    "advise_box_mtu": N_(
        "Restart the box once and run the check again: it then learns anew which packet size the line carries."
    ),
    "advise_box_again": N_(
        "Do not restart the box again: it has just started, and its line may need ten minutes to come back."
    ),
    "advise_mtu": N_(
        "Set a smaller packet size (MTU 1,400) on this computer and try a large page: if it loads, the packet size is"
        " the matter."
    ),
    "advise_pause": N_(
        "Pause downloads, backups and videos at home and run the check again: a full line loses packets and answers"
        " late."
    ),
    "advise_ipv6_off": N_(
        "Switch IPv6 off in this computer’s network settings for the time being: sites are then reached over IPv4,"
        " which works."
    ),
    "advise_other_page": N_("Open some other sites: if they work, only that page’s server is in trouble."),
    "advise_vpn": N_("Try without the VPN: the line works beside it."),
    "advise_vpn_off": N_(
        "Switch the VPN off and run the check again: only then is the line itself looked at."
    ),
    "advise_operator_alone": N_(
        "Do not change anything at home: box and access line work, only the operator can mend what lies beyond."
    ),
    "advise_keep_recording": N_(
        "Leave the recording on: it holds the start of the outage, and will hold its end."
    ),
    "advise_start_recording": N_(
        "Start the recording (“jalerte record”): no outage is proved without one; this one’s end will be in it."
    ),
    "advise_other_sites": N_(
        "Open some other sites: if they work, only some far networks are out of reach, and nothing at home will help."
    ),
    "advise_slow_cable": N_(
        "{interface} is connected at {speed_bps} only: worth a look, since a damaged cable, an old switch or the box’s"
        " socket may be what holds it back."
    ),
    "advise_half_duplex": N_(
        "{interface} is in half duplex, where packets collide: let both ends choose by themselves, or try another"
        " cable."
    ),
    "advise_call_trouble": N_(
        "If it lasts, report the trouble to your operator and note the time of your call."
    ),
    "advise_call": N_(
        "If it lasts, report the outage to your operator and note the time of your call: delays are often counted"
        " from there."
    ),
    "advise_resolver": N_(
        "Try another name resolver in the network settings, or restart the box: addresses answer, only names do not."
    ),
    "advise_portal": N_("Open a web browser: the network is waiting for an agreement or a password."),
    "advise_firewall": N_(
        "Look at this computer’s firewall or security program: it is what keeps packets from leaving."
    ),
    "advise_record": N_("Leave the recording on: cuts that come and go are found over hours, not seconds."),
    "advise_record_start": N_(
        "Start the recording (“jalerte record”): cuts that come and go are found over hours, not seconds."
    ),
    "advise_record_hours": N_(
        "Keep a recording for some hours: cuts that come and go are found over hours, not seconds."
    ),
    # rooms
    "rooms_wifi": N_(
        "In “{room}” {share} of the packets to the box are lost, in “{other}” {other_share}: that points to"
        " the Wi-Fi of “{room}”."
    ),
    "rooms_cable": N_(
        "In “{room}” {share} of the packets to the box are lost, in “{other}” {other_share}: that points to"
        " the cable or the socket of “{room}”."
    ),
    "rooms_slow_wifi": N_(
        "In “{room}” the box answers in {room_ms} ms, in “{other}” in {other_ms} ms: that points to the Wi-Fi"
        " of “{room}”."
    ),
    "rooms_slow_cable": N_(
        "In “{room}” the box answers in {room_ms} ms, in “{other}” in {other_ms} ms: that points to the cable"
        " or the socket of “{room}”."
    ),
    "rooms_all_well": N_("The rooms are alike, and nothing is wrong in any: it is not the Wi-Fi of a room."),
    "rooms_all_lose": N_(
        "The rooms are alike, and packets to the box are lost in all: it is not the Wi-Fi of one room, but the box’s"
        " or this computer’s."
    ),
    "rooms_beyond": N_("The rooms are alike up to the box: what is wrong lies beyond it, not in a room."),
    "rooms_once": N_(
        "The rooms are alike up to the box; what was wrong in one lay beyond the box, at that time."
    ),
    "room_to_box": N_("“{room}”: up to the box {share} lost of {tries} tries, median {median_ms} ms."),
    "room_box_silent": N_("“{room}”: up to the box {share} lost of {tries} tries."),
    "room_signal": N_("“{room}”: Wi-Fi signal {signal_dbm} dBm."),
    "room_by_cable": N_("“{room}” was on cable: the box itself answers well."),
    "room_weaker": N_("The signal in “{room}” is {by_db} dB weaker."),
    "room_signal_good": N_(
        "The signal in “{room}” is good ({signal_dbm} dBm): something else may have disturbed it at that moment."
    ),
    "rooms_other_times": N_(
        "The rooms were looked at {hours} h apart: the Wi-Fi or the line may have changed in between."
    ),
    "rooms_looked_once": N_("Each of the {rooms} rooms was looked at for a few seconds only."),
    "rooms_by_internet": N_("The box answers no pings: the rooms are compared by the internet’s answers."),
}
