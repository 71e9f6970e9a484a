"""Sentences of routing and of what follows a filing: who takes a problem, what comes before, what is doubtful."""

from __future__ import annotations

from jalerte_desktop.words.language import N_

ROUTES: dict[str, str] = {
    "route_operator_first": N_(
        "Your contract is with the operator: it must repair, and every later step asks for proof that you wrote to it."
    ),
    "route_operator_not_callers": N_(
        "The calls come from others: your operator can advise you, but they are reported elsewhere."
    ),
    "route_post_first": N_(
        "La Poste answers complaints first: tracking number, proof of posting and photos help."
    ),
    "route_second_level": N_(
        "The second written level at the operator; the mediator asks whether you went through it."
    ),
    "route_jalerte_quality": N_(
        "The regulator gathers alerts on networks, and acts on what it sees in many of them. Possible at any time,"
        " beside the complaint."
    ),
    "route_jalerte_sector": N_(
        "The regulator takes alerts of this sector. Possible at any time, beside the complaint."
    ),
    "route_jalerte_calls": N_("Its form has a branch of its own for fraud and unwanted calls."),
    "route_jalerte_perhaps": N_(
        "Its form may have a place for this problem; disputes of this kind are settled by the other channels."
    ),
    "route_france_only": N_("It is for operators in France only."),
    "route_signalconso_no_network": N_(
        "SignalConso refuses problems of network quality and sends people to J’alerte l’Arcep."
    ),
    "route_signalconso_fibre_cut": N_(
        "SignalConso takes cuts of a line that was connected to fibre, under “{place}”; it refuses general network"
        " quality, which goes to J’alerte l’Arcep."
    ),
    "route_signalconso_place": N_("SignalConso has a place for it: “{place}”."),
    "route_signalconso_fibre": N_(
        "SignalConso has a place for it: “{place}”; it refuses problems of network and eligibility, which go to"
        " J’alerte l’Arcep."
    ),
    "route_signalconso_consumers": N_("SignalConso is made for consumers, not for professional contracts."),
    "route_mediator": N_("It examines the dispute between you and your operator and proposes a solution."),
    "route_mediator_no_professionals": N_("It does not take disputes of professional customers."),
    "route_mediator_not_post": N_("Letters and parcels go to the mediator of Groupe La Poste."),
    "route_mediator_not_callers": N_(
        "It settles disputes with your own operator, not with those who call you."
    ),
    "route_post_mediator": N_("It examines the dispute with La Poste when the complaint did not settle it."),
    "route_ombudsman": N_(
        "It examines the dispute between you and your operator when the complaint did not settle it."
    ),
    "before_consumer_service": N_(
        "{months} month after your complaint to customer service, without an answer or with a bad one."
    ),
    "before_mediator": N_(
        "After customer service and consumer service, {months} month each; or straight away when customer service has"
        " been silent for {shortcut_months} months. Within {limit_months} months of the written complaint, and not"
        " once a court has the case."
    ),
    "before_post_mediator": N_("After a complaint and an appeal to La Poste, {months} months later."),
    "before_ombudsman_be": N_(
        "After steps towards the operator that you can prove; the ombudsman may refuse after {limit_months} months."
    ),
    "before_ombudsman_ch": N_(
        "After a written attempt to settle it with the operator; the last contact at most {contact_months} months ago,"
        " and no court has the case."
    ),
    "before_ombudsman_lu": N_("After a written complaint to the operator."),
    "note_levels": N_("Some operators have one level only: your contract’s general terms say it."),
    "note_no_follow_up": N_(
        "An alert is no formal referral: it opens no personal follow-up and replaces no complaint."
    ),
    "note_firm_told": N_("The firm is told and may answer; it is no formal referral."),
    "note_mediator_free": N_("Free of charge."),
    "note_mediator_optional": N_("Neither side has to follow its opinion."),
    "note_mediator_attach": N_(
        "Attach the written complaint with its proof of sending, every exchange, the contract and the disputed bills."
    ),
    "note_ombudsman_days": N_("An answer takes about {days} days and may take twice as long."),
    "note_ombudsman_fee": N_("It costs you {francs} Swiss francs."),
    "note_ombudsman_free": N_("Free of charge."),
    "note_operator_may_refuse": N_("The operator may refuse to take part."),
    "doubt_third_party": N_(
        "From an unofficial or undated source ({source}, read on {checked_on}): check it first."
    ),
    "doubt_third_party_unnamed": N_(
        "From an unofficial source, read on {checked_on} and not kept: check it first."
    ),
    "doubt_memory": N_("Not checked at any source: take it as a hint only."),
    "doubt_old": N_("Read on {checked_on}, some time ago: check whether it still holds."),
    "doubt_place": N_("The address was not checked at its source: check it before you use it."),
    "doubt_operators_address": N_(
        "The postal address comes from an unofficial source ({source}, read on {checked_on}): check it on your bill."
    ),
    "doubt_operators_address_unnamed": N_(
        "The postal address comes from an unofficial source, read on {checked_on} and not kept: check it on your bill."
    ),
    "doubt_no_address_there": N_("No checked postal or e-mail address is known: look for it on its site."),
    "doubt_no_address": N_("No checked postal address is known: take it from your contract or bill."),
    "next_opens": N_("From {date} on."),
    "next_opens_silent": N_("From {date} on, if customer service has not answered at all."),
    "next_opens_second": N_("From {date} on, if the consumer service has not settled it."),
    "next_closes": N_("At the latest on {date}."),
    "next_over": N_("The time limit, counted from your first written complaint, ended on {date}."),
    "next_no_complaint": N_(
        "Your diary holds no written complaint yet: enter it once it is sent, the dates follow."
    ),
}
