"""The cache for threads. Made of the one for event loops by ``scripts/unasync.py``."""
