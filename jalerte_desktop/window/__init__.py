"""The window: shows, asks, starts commands."""
