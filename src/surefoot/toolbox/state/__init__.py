"""What an application keeps in one process, found and named before there are two of them."""
