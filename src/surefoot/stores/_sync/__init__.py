"""The stores that wait, for threads. Made of those for event loops by ``scripts/unasync.py``."""
