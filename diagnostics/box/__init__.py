"""The box as a witness: what it says of its own line, asked in the ways that different boxes offer."""
