"""The open alert interface: its schema, and what a receiver needs to check an alert. Knows no probe, no case, no Qt."""
