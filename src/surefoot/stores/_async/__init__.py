"""The stores that wait, for event loops; ``scripts/unasync.py`` makes those for threads of them."""
