"""Campaigns: series of speed measurements by a rule set, judged against promised speeds that are passed in."""
