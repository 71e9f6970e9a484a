"""What a check says: its layers, what to try next and why, and rooms side by side; sentences by code."""

from __future__ import annotations

from jalerte_desktop.words.language import N_

CHECKS: dict[str, str] = {
    # layers
    "layer_link": N_("{interface} is connected, the way out goes through {gateway}."),
    "layer_link_down": N_("{interface} has no link."),
    "layer_no_route": N_("No way out to the internet is set up."),
    "layer_not_tried": N_("Not tried: nothing is known to try."),
    "layer_silent": N_("No answer to {tries} tries."),
    "layer_answers": N_("{answered} answers to {tries} tries, median {median_ms} ms."),
    "layer_connections": N_("To port 443: {answered} of {tries} made, median {median_ms} ms."),
    "layer_no_connection": N_("No connection to port 443 could be made."),
    "layer_failed": N_("Failed ({detail})."),
    "layer_answered_in": N_("Answered in {ms} ms."),
    "layer_portal": N_("Somebody else answered ({detail}): a captive portal."),
    "layer_names_lie": N_("A wrong answer was given ({detail})."),
    "layer_box_line_up": N_("The box says that its line is up."),
    "layer_box_line_down": N_("The box says that its line is down."),
    "layer_wifi": N_("Signal {signal_dbm} dBm, {rate_bps} on {band_ghz} GHz."),
    "layer_wifi_signal": N_("Signal {signal_dbm} dBm."),
    "layer_wifi_left": N_("This computer is in no Wi-Fi."),
    "layer_wifi_unknown": N_("The system does not tell the signal."),
    # reserves
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
    "advise_wait_and_record": N_(
        "Nothing to do on your side: leave the recording on, it will hold the start and the end of the outage."
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
    # rooms
    "rooms_wifi": N_(
        "In “{room}” {share} of the packets to the box are lost, in “{other}” {other_share}: it is the Wi-Fi of"
        " “{room}”."
    ),
    "rooms_cable": N_(
        "In “{room}” {share} of the packets to the box are lost, in “{other}” {other_share}: it is the cable or the"
        " socket of “{room}”."
    ),
    "rooms_slow_wifi": N_(
        "In “{room}” the box answers in {room_ms} ms, in “{other}” in {other_ms} ms: the Wi-Fi of “{room}” is slow."
    ),
    "rooms_slow_cable": N_(
        "In “{room}” the box answers in {room_ms} ms, in “{other}” in {other_ms} ms: the cable network of “{room}” is"
        " slow."
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
