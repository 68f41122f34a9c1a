"""Starting processes, knowing which are alive, and ending every one of them."""
