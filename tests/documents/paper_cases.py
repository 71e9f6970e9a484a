"""People and letters for the tests of papers."""

from zoneinfo import ZoneInfo

from jalerte_desktop.casefile.model import Case
from jalerte_desktop.documents.account import account
from jalerte_desktop.documents.complaint import compose_complaint
from tests import examples

PARIS = ZoneInfo("Europe/Paris")

MARIE = Case(
    "c0ffee",
    "fixed-internet-cut",
    "FR",
    examples.NOW,
    {
        "person.profile": "individual",
        "person.name": "Marie Dupont",
        "person.address": "12 rue des Lilas\nBâtiment B",
        "person.postcode": "69003",
        "person.city": "Lyon",
        "person.email": "marie.dupont@exemple.fr",
        "person.phone": "06 12 34 56 78",
        "line.number": "04 78 00 00 00",
        "line.technology": "fibre",
        "contract.operator": "Orange",
        "contract.offer": "Fibre Confort",
        "contract.customer_number": "C-1234567",
        "contract.monthly_price_eur": "39.99",
        "contract.started_on": "2024-03-03",
    },
)


def marie(**fields):
    """Marie's case with some fields changed; dots of the keys as double underscores, None takes one away."""
    changed = MARIE.fields | {key.replace("__", "."): value for key, value in fields.items()}
    kept = {key: value for key, value in changed.items() if value is not None}
    return Case(MARIE.id, MARIE.problem, MARIE.country, MARIE.created_ns, kept)


def complaint(case=MARIE, findings=None, now_ns=examples.NOW, zone=PARIS):
    return compose_complaint(case, account(findings or examples.ordinary()), now_ns, zone)


def every_text(value):
    """All strings of a nested value, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from every_text(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from every_text(item)
