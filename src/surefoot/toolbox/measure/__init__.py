"""Running an application under load to learn its capacity and what bounds it."""
