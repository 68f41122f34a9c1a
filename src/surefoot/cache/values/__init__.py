"""What becomes of a value in a store: its bytes, what is refused, and what may be shared."""
