"""Whether a provider may be used for a campaign: its own terms come first."""

from __future__ import annotations

from diagnostics.campaigns.rules import OPEN, Rules
from diagnostics.model import Remark
from diagnostics.throughput.terms import Terms


def allowed(rules: Rules, terms: Terms) -> Remark | None:
    """Why the provider may not be used with these rules; None when it may."""
    if terms.indicative and rules.id not in OPEN:
        return Remark.of("campaign_provider_indicative", provider=terms.id)
    shape = rules.shape
    if terms.least_unattended_s > shape.spacing_s:
        return Remark.of(
            "campaign_terms_least",
            provider=terms.id,
            least=-(-terms.least_unattended_s // 60),
            spacing=shape.spacing_s // 60,
        )
    if terms.spacing is not None and terms.spacing.mean_s > shape.mean_spacing_s:
        return Remark.of(
            "campaign_terms_mean",
            provider=terms.id,
            mean=-(-terms.spacing.mean_s // 60),
            spacing=shape.mean_spacing_s // 60,
        )
    most = min(rules.measurements, shape.most_a_day)
    if terms.a_day_unattended and most > terms.a_day_unattended:
        return Remark.of("campaign_terms_day", provider=terms.id, most=terms.a_day_unattended, tries=most)
    return None
