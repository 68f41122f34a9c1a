"""What a cache decides: keys, freshness, who computes, what has to go. Nothing here does I/O."""
