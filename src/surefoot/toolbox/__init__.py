"""What runs in a terminal or on a server: run, load, measure."""
