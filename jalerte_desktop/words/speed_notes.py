"""What has to be known of a speed result, as sentences: why it is only indicative, what limited it."""

from __future__ import annotations

from jalerte_desktop.words.language import N_

SPEED_NOTES: dict[str, str] = {
    "speed_wifi": N_("Measured over Wi-Fi: the radio link may be slower than the line."),
}
