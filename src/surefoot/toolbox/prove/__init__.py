"""Proving a change: base and variant side by side, the same answers first, then blocks in pairs."""
