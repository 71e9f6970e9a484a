"""`python -m tests.servers.jalerte_form --variant plain --port 0`: the stand-in, to look at; Ctrl+C ends it."""

from __future__ import annotations

import argparse
import contextlib
import time

from tests.servers.jalerte_form import StandIn, Variant


def main() -> None:
    parser = argparse.ArgumentParser(description="Stand-in of the form J'alerte l'Arcep, on loopback")
    parser.add_argument("--variant", action="append", choices=[variant.value for variant in Variant])
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest-delay", type=float, default=2.0, help="seconds")
    chosen = parser.parse_args()
    variant = chosen.variant or ["plain"]
    with (
        StandIn(chosen.seed, variant, chosen.longest_delay, port=chosen.port) as stand_in,
        contextlib.suppress(KeyboardInterrupt),
    ):
        print(stand_in.url, flush=True)
        shown = 0
        while True:
            for entry in stand_in.log[shown:]:
                print(entry, flush=True)
                shown += 1
            time.sleep(0.2)


if __name__ == "__main__":
    main()
