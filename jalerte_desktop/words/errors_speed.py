"""Sentences of what may go wrong with speed measurements and campaigns, and the mend."""

from __future__ import annotations

from jalerte_desktop.words.language import N_

SENTENCES: dict[str, str] = {
    "speed_running": N_("Another measurement is being made: wait until it is done."),
    "speed_stopped_early": N_("Stopped before anything was measured."),
    "speed_bad_number": N_("“{value}” does not fit {option}: a number from {least} to {most}."),
    "speed_server_bad": N_("“{value}” is no address of a server: write it like http://192.168.1.20:8989/."),
    "speed_servers_many": N_("{n} servers are given: give {most} at most."),
    "speed_server_long": N_("“{value}…” is too long for the address of a server: {most} characters at most."),
    "speed_server_missing": N_(
        "No server is given: add --server URL, or “servers” under [speed] in config.toml"
        " (“jalerte speed-server” makes one at home)."
    ),
    "speed_not_http": N_("{host} answered with something that is not HTTP: choose another server."),
    "speed_closed": N_("{host} closed the connection in the middle: choose another server, or try later."),
    "speed_stalled": N_(
        "{host} sent and took nothing for several seconds: choose another server, or try later."
    ),
    "speed_redirected": N_(
        "{host} sends on to another address ({to}), which nobody agreed to: give that one if you trust it."
    ),
    "speed_too_many": N_(
        "{host} asks not to be measured so often (wait: {wait}): try later, or another server."
    ),
    "speed_refused": N_(
        "{host} refuses to be measured with (web answer no. {status}): choose another server."
    ),
    "speed_not_compatible": N_(
        "{host} is no speed server that jalerte understands (LibreSpeed’s layout): check the address."
    ),
    "speed_ndt7_full": N_(
        "M-Lab has no server free just now: try again in some minutes, or use another provider."
    ),
    "speed_ndt7_too_often": N_("M-Lab asks for fewer measurements: try again in {minutes} min."),
    "speed_ndt7_locate": N_(
        "{host} did not name a server of M-Lab ({why}): try again later, or use another provider."
    ),
    "speed_ndt7_moved": N_(
        "M-Lab’s leave to measure with {host} has run out, and it names another server now: start again."
    ),
    "speed_ndt7_other": N_("{host} does not speak ndt7: check the address, or choose another server."),
    "speed_ndt7_garbled": N_("{host} sends what is not ndt7: choose another server."),
    "speed_ndt7_ended": N_(
        "{host} ended the measurement before the rate was known: try again, or choose another server."
    ),
    "speed_cloudflare_server": N_(
        "“{value}” is no server of Cloudflare’s: leave the address out, it is always {known}."
    ),
    "speed_engine": N_("The measuring process broke down: try again."),
    "speed_engine_start": N_("The measuring process cannot be started ({why}): close other programs."),
    "speed_name_unknown": N_(
        "The name {host} is not known to the resolver: check the address of the server."
    ),
    "speed_unreachable": N_(
        "The server {host} (port {port}) cannot be reached ({why}): try another one, or later."
    ),
    "speed_certificate": N_(
        "The certificate of {host} is not valid ({why}): nothing was measured against it. Choose another server."
    ),
    "speed_tls": N_("No secure connection with {host} came about ({why}): choose another server."),
    "speed_provider_unknown": N_("“{value}” is no provider: use one of {known}."),
    "speed_iperf3_server_bad": N_(
        "“{value}” is no iperf3 server: write it like host.example, host.example:5201 or iperf3://[2001:db8::1]:5201."
    ),
    "speed_iperf3_server_missing": N_(
        "iperf3 measures against a server that you name: add --server HOST:PORT, your own or a public one."
    ),
    "speed_program_missing": N_(
        "The program {program} is not installed: install it (on Debian and Ubuntu: sudo apt install {program};"
        " on macOS: brew install {program}), or choose another provider."
    ),
    "speed_package_missing": N_(
        "The Python package {package} is missing: install jalerte anew, or choose another provider."
    ),
    "speed_program_version": N_(
        "The program {program} that is installed is not understood: version {wanted} or newer is needed."
    ),
    "speed_program_start": N_("The program {program} cannot be started ({why}): install it anew."),
    "speed_program_bind": N_(
        "{program} cannot be led through {interface} here: end the VPN, or choose another provider."
    ),
    "speed_program_failed": N_("{program} failed ({why}): try again, or choose another provider."),
    "speed_program_nonsense": N_(
        "{program} reported something that cannot be read: try another server, or another provider."
    ),
    "speed_server_silent": N_(
        "{host} does not answer as a speed server should: choose another one, or try later."
    ),
    "speed_server_busy": N_(
        "The iperf3 server {host} is busy with somebody else: try again in a minute, or another port or server."
    ),
    "speed_server_login": N_("The iperf3 server {host} wants a name and a password: choose another one."),
    "speed_server_broke_off": N_(
        "{host} broke the measurement off ({why}): it may be no iperf3 server; try again, or another one."
    ),
    "speed_mini_bad": N_("{host} is no Speedtest Mini server: check its address."),
    "speed_ookla_refused": N_(
        "Ookla refuses this client (web answer no. {status}): it turns old clients away. Choose another provider."
    ),
    "speed_ookla_too_often": N_(
        "Ookla asks for fewer measurements (web answer no. {status}): wait some hours, or choose another provider."
    ),
    "speed_ookla_status": N_(
        "Ookla’s service is out of order (web answer no. {status} of {host}): try later, or another provider."
    ),
    "speed_ookla_unreachable": N_(
        "Ookla’s service cannot be reached ({why}): try later, or choose another provider."
    ),
    "speed_ookla_nonsense": N_(
        "Ookla’s service answered something that its old client cannot read ({why}): choose another provider."
    ),
    "speed_ookla_server_unknown": N_(
        "Ookla offers no server no. {server} here: leave the choice to it, or give another number."
    ),
    "speed_no_provider": N_(
        "No provider is chosen yet: read who sees what with “jalerte speed --terms”, then choose one."
    ),
    "speed_terms_unread": N_(
        "The terms of {provider} were not read, or have changed since: read them and agree before measuring."
    ),
    "speed_server_address": N_("“{value}” is no address of this computer: give one of its IP addresses."),
    "speed_server_public": N_(
        "{value} can be reached from outside your home: give an address of the home network, or add --anywhere."
    ),
    "speed_server_no_home": N_(
        "This computer has no address in a home network: connect it to the box, or give one with --address."
    ),
    "speed_server_port": N_("“{value}” is no port: give a number from 0 to 65535."),
    "speed_server_port_taken": N_(
        "Port {port} is in use by another program: end that one, or choose another port with --port."
    ),
    "speed_server_port_forbidden": N_(
        "Port {port} is not allowed to this user: choose one above 1023 with --port."
    ),
    "speed_server_cannot": N_("The server cannot listen here ({why}): try another address with --address."),
    "campaign_rules_unknown": N_("“{value}” is no rule set: use one of {known}."),
    "campaign_rules_gone": N_(
        "The rules “{rules}” {version} are not part of this version of jalerte, which has {known}:"
        " use the version that the series was begun with."
    ),
    "campaign_not_free": N_(
        "The rules “{rules}” fix number and spacing: leave out --count and --spacing, or use --rules free."
    ),
    "campaign_bad_count": N_("“{value}” is no number of measurements: give one from 1 to {most}."),
    "campaign_bad_spacing": N_("“{value}” is no spacing: give seconds, from 60 up to 30 days (2592000)."),
    "campaign_bad_speed": N_("“{value}” is no speed for {option}: give Mbit/s, such as 700 or 8.5."),
    "campaign_bad_delay": N_("“{value}” is no delay: give milliseconds, from 1 to {most}."),
    "campaign_promise_order": N_(
        "The promised speeds contradict each other: minimum, normal and maximum have to rise. Correct the"
        " arguments, or the contract (“jalerte contract set”)."
    ),
    "campaign_running": N_(
        "A series is running already: “jalerte campaign status” shows it, “jalerte campaign stop” ends it."
    ),
    "campaign_not_running": N_("No series is running: “jalerte campaign start” begins one."),
    "campaign_none": N_("No series was begun yet: “jalerte campaign start” begins one."),
    "campaign_unknown": N_(
        "“{value}” is no series of this recording: “jalerte campaign status” shows the newest."
    ),
    "campaign_recorder_runs": N_(
        "The recorder runs (process {pid}): it makes the measurements by itself, nothing has to be done."
    ),
    "campaign_provider_refused": N_("These rules cannot be followed with this provider. {why}"),
    "campaign_cable_refused": N_("These rules cannot be followed over this cable. {why}"),
    "campaign_confirm": N_(
        "Nothing was begun: add --confirm when all of these statements hold for the whole series."
    ),
    "campaign_not_confirmed": N_("Nothing was begun, since not all of these statements hold."),
}
