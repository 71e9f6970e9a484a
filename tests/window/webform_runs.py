"""Runs of the assisted form against the stand-in, several at once in one process."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import shiboken6
from PySide6.QtCore import QEventLoop, Qt
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QApplication

from diagnostics.model import Problem
from jalerte_desktop.filing.alert import compose_alert
from jalerte_desktop.filing.assisted import Result, Task
from jalerte_desktop.filing.form import form
from jalerte_desktop.filing.model import Alert, Attachment
from jalerte_desktop.filing.values import field_values
from jalerte_desktop.window.webform_run import Session
from tests import examples
from tests.documents.paper_cases import PARIS, marie
from tests.servers.jalerte_form import StandIn, log

# The browser cannot lock itself up as root, and these pages come from this machine.
os.environ["QTWEBENGINE_DISABLE_SANDBOX"] = "1"

PATIENCE_S = 240
NOISE_LEVEL = "CRITICAL"
"""Chromium warns of what a machine without a screen lacks (Vulkan, OpenGL, GBM): no fault of ours."""
OPERATOR = "operateurPrincipalContainer:operateurPrincipal"
COMMUNE = "localisationContainer:commune"
DETAIL = "sousProblematique"
EXPECTED = {
    "profil": "Particulier",
    "marche": "Fixe / Internet",
    "problematique": "Panne, coupure ou qualité de service",
    DETAIL: "Coupures fréquentes",
    "technologieContainer:technologie": "Fibre optique (FTTH)",
    OPERATOR: "Orange",
    COMMUNE: "Lyon 3e Arrondissement (69003)",
    "serviceClientContainer:contacte": "Oui",
    "utilisateurContainer:email": "marie.dupont@exemple.fr",
    "utilisateurContainer:nom": "Dupont",
    "utilisateurContainer:prenom": "Marie",
    "utilisateurContainer:telephone": "06 12 34 56 78",
}
"""What a right filling leaves in the stand-in, in the plain form's words; the description comes beside."""


def an_alert(attachments: tuple[Attachment, ...] = (), **fields: str) -> Alert:
    given = {"alert__service_contacted": "yes", "person__city": "Lyon 3e Arrondissement"} | fields
    return compose_alert(marie(**given), examples.ordinary(), PARIS, attachments=attachments)


def a_task(url: str, alert: Alert, unattended: bool = True) -> Task:
    shown = form("jalerte")
    return Task(shown, url, field_values(alert, shown), alert.attachments, "fr", unattended)


@dataclass
class Job:
    """One filling that is to be done, and what came of it. ``name`` is for messages."""

    name: str
    variant: str
    seed: int
    longest_delay_s: float
    alert: Alert
    result: Result | None = None
    problem: Problem | None = None
    seconds: float = 0.0
    stand_in: StandIn | None = None

    @property
    def over(self) -> bool:
        return self.result is not None or self.problem is not None

    @property
    def server(self) -> StandIn:
        assert self.stand_in is not None
        return self.stand_in

    @property
    def done(self) -> Result:
        assert self.result is not None, (self.name, self.problem, self.server.log[-3:])
        return self.result


class _Running:
    """A job with its browser page and its stand-in."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.stand_in = job.stand_in = StandIn(job.seed, job.variant, job.longest_delay_s)
        self.session = Session(a_task(self.stand_in.url, job.alert))
        self.view = hidden_view(self.session)
        self._began = time.monotonic()
        self.session.driver.stopped.connect(self._stopped)
        self.session.driver.broke.connect(self._broke)
        self.session.begin()

    def _stopped(self) -> None:
        self.job.result = self.session.result()
        self._end()

    def _broke(self, problem: Problem) -> None:
        self.job.problem = problem
        self._end()

    def _end(self) -> None:
        self.job.seconds = time.monotonic() - self._began
        self.session.driver.end()

    def free(self) -> None:
        shiboken6.delete(self.view)
        self.session.free()
        self.stand_in.__exit__(None, None, None)


def hidden_view(session: Session) -> QWebEngineView:
    """A page that nobody draws is told that it is hidden, and its clocks slow down."""
    view = QWebEngineView()
    view.setPage(session.page)
    view.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    view.resize(800, 600)
    view.show()
    return view


def wait_for(happened: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Run Qt's loop until it happened; False where it did not in time."""
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            return False
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
        time.sleep(0.005)
    return True


def run_all(jobs: Iterable[Job], at_once: int = 16, seconds: float = PATIENCE_S) -> None:
    """Do all jobs, so many at once; a job that is not over after that time is left without result."""
    waiting, running = list(jobs), []
    end = time.monotonic() + seconds
    while (waiting or running) and time.monotonic() < end:
        while waiting and len(running) < at_once:
            running.append(_Running(waiting.pop(0)))
        wait_for(lambda: any(one.job.over for one in running), end - time.monotonic())
        for one in [one for one in running if one.job.over]:
            running.remove(one)
            one.free()
    for one in running:
        one.free()


def wrong_values(job: Job) -> dict[str, list[str]]:
    """Every value that the server ever took over and that is not the alert's, by the plain form's name."""
    right = EXPECTED | {"verbatim": job.alert.description.strip()}
    found = {}
    for name, values in job.server.ever.items():
        wrong = [value for value in values if value and value != right.get(name)]
        if wrong:
            found[name] = wrong
    return found


def overstepped(job: Job) -> list[object]:
    """What only the person may do and was done all the same."""
    server = job.server
    return [*server.sends, *server.consents, *server.of(log.CaptchaTicked)]
