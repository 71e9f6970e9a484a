"""A stand-in of the web form J'alerte l'Arcep: a real server on loopback that behaves like the real one as known.

Decided where the facts are silent:

- Cookies are asked about on a page of their own, ``?0``, with "Tout accepter" and "Continuer sans accepter"; the steps
  begin at ``?1``. The variant "cookie-overlay" asks in a dialog over the first step.
- Each step shown for the first time is a new page instance; one that did not validate keeps its own. Only the newest
  instance lives: an older one, or a lost session, gives the page "Votre session a expiré" (410).
- Round trips follow Wicket's script: one queue, one at a time, the value is read when the trip begins, a trip whose
  element is gone is dropped. Radios and boxes act on ``click``, lists and texts on ``change``. A choice redraws the
  form with new ids; a text redraws only the message beneath it.
- Sub-problem, operator and rating are late: their place says "Chargement…" and asks for its content up to 0.3 s later.
- A step's button posts the whole form, as a browser does.
"""

from tests.servers.jalerte_form.server import StandIn
from tests.servers.jalerte_form.variants import Variant

__all__ = ["StandIn", "Variant"]
