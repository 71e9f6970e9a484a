"""One process that delivers what waits, for tests that kill it or run several: HOME PORT SEED."""

import sys
import time
from pathlib import Path
from random import Random

from diagnostics.journal.lock import Held
from jalerte_desktop.casefile.case_file import open_case_file
from jalerte_desktop.filing.mail_account import MailAccount
from jalerte_desktop.filing.mail_send import MailSender
from jalerte_desktop.filing.outbox import deliver_due
from jalerte_desktop.findings.model import Findings


def _no_findings() -> Findings:
    raise AssertionError("what is delivered here stands on no paper")


def main() -> None:
    home, port, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    account = MailAccount("127.0.0.1", port, "plain", "", "marie@exemple.fr")
    while True:
        try:
            deliver_due(
                lambda: open_case_file(home / "case.sqlite", time.time_ns),
                {"email": MailSender(account)},
                time.time_ns,
                Random(seed),
                _no_findings,
            )
        except Held:
            time.sleep(0.01)
        else:
            return


main()
