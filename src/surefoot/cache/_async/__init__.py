"""The cache for event loops. The one for threads is made of it by ``scripts/unasync.py``."""
