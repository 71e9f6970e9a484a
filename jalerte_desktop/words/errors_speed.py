"""Sentences of what may go wrong with speed measurements and campaigns, and the mend."""

from __future__ import annotations

from jalerte_desktop.words.language import N_

SENTENCES: dict[str, str] = {
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
}
