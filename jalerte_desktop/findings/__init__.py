"""What the journal says of a period: incidents, coverage, seal."""
