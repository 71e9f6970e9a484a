"""The loop that probes and records, and its local socket."""
