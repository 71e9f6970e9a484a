"""What the commands of filing answer, made up: an alert with a draft, routes, sendings, receipts, a diary."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

ALERT: dict[str, Any] = {
    "draft": {
        "id": "a1b2c3d4e5f6",
        "created": "2026-11-18T15:00:00.000+01:00",
        "changed": "2026-11-18T15:10:00.000+01:00",
        "own_words": False,
        "attachments": [
            {"name": "voyants de la box.jpg", "kind": "photo", "bytes": 1_240_000, "sha256": "00" * 32}
        ],
    },
    "form": {
        "title": "J’alerte l’Arcep",
        "url": "https://jalerte.example/",
        "checked_on": "2026-11-22",
        "nature": "Une alerte n’est pas une saisine officielle : elle n’ouvre pas de suivi individuel.",
    },
    "fields": [
        {"name": "profil", "label": "Profil", "step": 1, "value": "Particulier", "source": "person.profile"},
        {"name": "commune", "label": "Commune", "step": 3, "value": None, "source": None},
    ],
    "missing": ["commune", "note", "consentement"],
    "missing_details": [
        {"name": "commune", "label": "Commune", "kind": "missing", "key": "person.postcode"},
        {
            "name": "service",
            "label": "Service clients contacté",
            "kind": "missing",
            "key": "alert.service_contacted",
        },
        {"name": "note", "label": "Note du service clients", "kind": "optional", "key": "alert.rating"},
        {"name": "consentement", "label": "Consentement", "kind": "reserved", "key": None},
    ],
    "description": (
        "Depuis le 20/10/2026, ma ligne fibre subit 8 coupures mesurées (1 h 12 min en tout). La plus longue a duré"
        " 34 min ; elles touchent 6 jours.\n\nLa box répondait à chaque fois : c’est la ligne qui ne passait plus."
    ),
    "description_length": 210,
    "description_limit": 2000,
    "attachments": ["/maison/files/00.jpg", "/maison/reclamation.pdf"],
    "warnings": [
        {
            "code": "alert_limit_ours",
            "text": "La limite de 2 000 caractères est la nôtre : celle du formulaire n’est pas connue.",
        }
    ],
    "notice": "jalerte est un logiciel indépendant.",
    "period": {"start": "2026-10-20T00:00:00.000+02:00", "end": "2026-11-18T16:05:00.000+01:00"},
}


def answers(home: Path, **more: Any) -> None:
    """Let the stand-in of the speed page's tests answer with these; keys are command lines, ``_`` for a space."""
    (home / "answers.json").write_text(
        json.dumps({"alert preview --json": ALERT, **more}, ensure_ascii=False), "utf-8"
    )


def filing(
    name: str, channel: str, state: str, destination: str = "", problem: str = "", **more: Any
) -> dict[str, Any]:
    """One sending as ``alert queue --json`` lists it."""
    return {
        "id": name * 32,
        "channel": channel,
        "destination": destination,
        "state": state,
        "prepared": "2026-11-18T15:30:00.000+01:00",
        "attempts": 0,
        "next": None,
        "ended": None,
        "problem": {"code": "x", "text": problem} if problem else None,
    } | more


FILINGS = [
    filing("a", "jalerte", "sent", "https://jalerte.example/", ended="2026-11-18T15:42:00.000+01:00"),
    filing(
        "b",
        "desk",
        "waiting",
        "https://collecte.example/v1/alerts",
        "Le serveur ne répond pas.",
        attempts=2,
        next="2026-11-18T16:20:00.000+01:00",
    ),
    filing(
        "c", "email", "unsure", "service@operateur.example", "La liaison a été coupée en pleine transmission."
    ),
    filing("d", "registered", "handed"),
    filing("e", "desk", "failed", "https://autre.example/v1/alerts", "Ce guichet ne prend que la Bretagne."),
]
RECEIPTS = [
    {
        "id": "r1",
        "filing": "a" * 32,
        "channel": "jalerte",
        "destination": "",
        "at": "2026-11-18T15:42:00.000+01:00",
        "kind": "page",
        "reference": "",
        "text": "Votre alerte a été soumise",
        "media_type": "text/html",
        "bytes": 5120,
    }
]
OUTBOX = {
    "alert queue --json": {"filings": FILINGS},
    "alert receipts --json": {"receipts": RECEIPTS},
}
MESSAGE = (
    b"From: camille@example.org\r\nTo: service@operateur.example\r\nSubject: Coupures\r\n\r\nBonjour,\r\n"
)
SHOWN: dict[str, Any] = {
    "filing": filing("f", "email", "prepared", "service@operateur.example"),
    "file": None,
    "shown": {
        "facts": {"from": "camille@example.org", "to": "service@operateur.example"},
        "sha256": hashlib.sha256(MESSAGE).hexdigest(),
        "bytes": len(MESSAGE),
        "content_base64": base64.b64encode(MESSAGE).decode("ascii"),
        "advice": [],
        "warnings": [{"code": "x", "text": "Le texte est le vôtre."}],
        "headers": [
            {"name": "From", "value": "camille@example.org"},
            {"name": "To", "value": "service@operateur.example"},
            {"name": "Subject", "value": "Coupures"},
        ],
        "text": "Bonjour,\n\nma ligne subit des coupures.",
        "attachments": [
            {"name": "voyants.jpg", "media_type": "image/jpeg", "bytes": 1240000, "sha256": "00" * 32}
        ],
    },
}
DIARY = {
    "diary list --json": {
        "case": "c",
        "entries": [
            {
                "id": "d1",
                "kind": "call",
                "at": "2026-11-12T10:20:00.000+01:00",
                "until": None,
                "with": "customer-service",
                "text": "Vingt minutes d’attente.",
                "promise": "Passage d’un technicien",
                "due": "2026-11-16",
                "source": "person",
            },
            {
                "id": "d2",
                "kind": "letter",
                "at": "2026-11-18T15:42:00.000+01:00",
                "until": None,
                "with": "J’alerte l’Arcep",
                "text": "L’alerte a été déposée par le formulaire.",
                "promise": None,
                "due": None,
                "source": "filing",
            },
        ],
    }
}
