"""The loop: measure, take one change, prove it, keep it or drop it, and again."""
