"""What every paper made from demonstration data says, on every page."""

from __future__ import annotations

MADE_UP = {"fr": "Données de démonstration, inventées", "en": "Made-up demonstration data"}
"""By the paper's language, whatever the program's."""
