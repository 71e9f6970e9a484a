"""What campaigns say: rejected measurements, criteria, preconditions, as sentences."""

from __future__ import annotations

from jalerte_desktop.words.language import N_

CAMPAIGN_REMARKS: dict[str, str] = {
    "campaign_too_soon": N_("Too soon after the measurement before."),
}
