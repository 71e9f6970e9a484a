"""A made-up alert, its receipt and a problem: the examples of the OpenAPI document.

Who receives alerts can try their check of signatures on it. The key is published here and must never be trusted.
"""

from __future__ import annotations

import hashlib

from alert_desk import model
from alert_desk.signing import signed, unsigned
from alert_desk.writing import dump

PRIVATE_KEY = bytes(range(32))
"""The example's Ed25519 private key (its seed): bytes 0 to 31."""
KEY = "5f0c3a9be1d24f7a8c6e2b1d9a7f4c30"
_TEXT = b"Measured by jalerte.\n"


def alert() -> model.WireAlert:
    """The example, with a signature that holds."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(PRIVATE_KEY)
    return signed(_unsigned(key.public_key().public_bytes_raw()), key.sign)


def receipt() -> model.DeskReceipt:
    """What answers the example in its canonical form."""
    return model.DeskReceipt(
        receipt_id="2026-000417",
        idempotency_key=KEY,
        received_at="2026-11-22T09:00:03.120Z",
        sha256=hashlib.sha256(dump(alert())).hexdigest(),
        desk=model.Desk("Association des usagers du Val", "https://desk.example/alertes"),
        next_steps=("Votre alerte rejoint le relevé de novembre, remis à la mairie le 5 décembre.",),
    )


def problem() -> model.ProblemDetails:
    """An alert that does not say where the line is."""
    return model.ProblemDetails(
        title="The alert is not as the schema says",
        status=422,
        detail="/place/country: is missing",
        pointer="/place/country",
    )


def _unsigned(public_key: bytes) -> model.WireAlert:
    return model.WireAlert(
        version=model.VERSION,
        reference="a1b2c3d4e5f6",
        made_at="2026-11-22T09:00:00.000Z",
        program="jalerte 0.1.0",
        profile="individual",
        sector="fixed",
        problem="service-quality",
        detail="cuts",
        technology="fibre",
        line_confirmed=True,
        operator=model.Operator("Marque Exemple", "Réseau Exemple"),
        place=model.Place("FR", "69003", "Lyon", "69"),
        period=model.Period("2026-11-08T00:00:00.000Z", "2026-11-22T00:00:00.000Z"),
        description="Du 08/11/2026 au 22/11/2026, ma connexion a connu 1 coupure de 2 min 8 s.\nObservée à 97,5 %.",
        own_words=False,
        figures=model.Figures(1, 128.25, 1179360.0, 0.975, 1, "2026-11-22"),
        incidents=(
            model.WireIncident(
                id="0a1b2c3d4e5f",
                start="2026-11-17T14:30:41.500Z",
                end="2026-11-17T14:32:49.750Z",
                duration_s=128.25,
                kind="outage",
                cause="access",
                confidence=0.9,
                role="held",
                reasons=("box_answers", "anchors_silent", "other_probes_failed"),
                counter_evidence=("one_machine_observes",),
            ),
        ),
        attachments=(
            model.WireAttachment("other", "note.txt", "text/plain", hashlib.sha256(_TEXT).hexdigest(), _TEXT),
        ),
        service_contacted=True,
        rating=2,
        contact=model.WireContact("Camille", "Exemple", "camille@exemple.fr"),
        consents=model.WireConsents(processing=True, third_parties=False),
        evidence=model.Evidence(
            signature=unsigned(public_key),
            seal=model.WireSeal(4812, hashlib.sha256(b"seal 4812").hexdigest(), "2026-11-22T08:59:00.000Z"),
        ),
    )
