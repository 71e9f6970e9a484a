"""The made-up case: who complains about what, the contract, and the diary.

The telephone numbers are from the ranges that Arcep keeps for fiction (01 99 00, 06 39 98), the mail addresses from
example.org; no operator has this name.
"""

from __future__ import annotations

from pathlib import Path

from diagnostics.model import MINUTE
from jalerte_desktop.casefile import diary
from jalerte_desktop.casefile.case_file import open_case_file
from jalerte_desktop.casefile.diary import DiaryEntry
from jalerte_desktop.demo.script import Script

OPERATOR = "Fibro"
PERSON = "Camille Exemple"
FIELDS = {
    "person.profile": "individual",
    "person.name": PERSON,
    "person.address": "12 rue des Essais",
    "person.postcode": "69003",
    "person.city": "Lyon",
    "person.email": "camille@example.org",
    "person.phone": "06 39 98 00 12",
    "line.number": "01 99 00 12 34",
    "line.technology": "fibre",
    "contract.offer": "Fibro Exemple 500",
    "contract.customer_number": "EX-000-1234",
    "contract.download_max_bps": "500M",
    "contract.download_normal_bps": "400M",
    "contract.download_min_bps": "200M",
    "contract.upload_max_bps": "250M",
    "contract.upload_normal_bps": "200M",
    "contract.upload_min_bps": "100M",
    "contract.monthly_price_eur": "31.99",
    "contract.started_on": "2024-03-31",
    "case.impact": "Réunions en visioconférence coupées presque chaque matin ; deux journées de télétravail perdues.",
    "alert.service_contacted": "yes",
}


def fill(path: Path, script: Script) -> None:
    """Write the case file. Raises diagnostics.model.Problem."""
    end = script.span.end_ns
    with open_case_file(path, lambda: end) as file:
        file.new("fixed-internet-cut", "FR", OPERATOR)
        file.set_all(FIELDS)
        for entry in entries(script):
            if script.span.start_ns <= entry.at_ns <= end:
                diary.add(file, entry)


def entries(script: Script) -> tuple[DiaryEntry, ...]:
    """The diary: calls, a letter, an appointment that nobody came to, and promises that were not kept."""
    service = "customer-service"

    return (
        DiaryEntry(
            "call",
            at := script.at(26, 14, 10),
            at + 34 * MINUTE,
            service,
            "34 minutes d’attente et d’échange. On me demande de redémarrer la box, sans effet.",
            promise="Rappel d’un technicien sous 48 heures.",
            due=script.day(24),
        ),
        DiaryEntry(
            "outage",
            script.at(20, 13, 38),
            script.at(20, 16, 25),
            "",
            "Plus d’internet de tout l’après-midi, deux réunions annulées.",
        ),
        DiaryEntry(
            "call",
            at := script.at(20, 16, 40),
            at + 21 * MINUTE,
            service,
            "Signalement de la panne de l’après-midi. Dossier EX-7781 ouvert.",
            promise="Intervention au point de raccordement dans la semaine.",
            due=script.day(13),
        ),
        DiaryEntry(
            "appointment",
            at := script.at(13, 9),
            at + 180 * MINUTE,
            service,
            "Passage d’un technicien entre 9 h et 12 h. Personne n’est venu, aucun message.",
        ),
        DiaryEntry(
            "email",
            script.at(12, 18, 30),
            None,
            service,
            "Message envoyé pour signaler le rendez-vous manqué ; réponse automatique reçue.",
        ),
        DiaryEntry(
            "call",
            at := script.at(6, 10, 15),
            at + 17 * MINUTE,
            service,
            "Nouvelle panne depuis 8 h 20. On confirme un incident sur le réseau, sans délai.",
            promise="Geste commercial d’un mois et rétablissement définitif.",
            due=script.day(2),
        ),
        DiaryEntry(
            "photo",
            script.at(2, 11, 20),
            None,
            "",
            "Photo du point de branchement ouvert au pied de l’immeuble.",
        ),
    )
