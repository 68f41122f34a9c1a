"""Servers that several benchmarks start for themselves."""
