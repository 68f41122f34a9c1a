"""A project under traffic: who holds its sockets, who keeps it up, and how it is changed."""
