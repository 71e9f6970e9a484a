"""Throughput: how fast the line is, how its delays hold up under load, and whether a figure may speak for the line."""
