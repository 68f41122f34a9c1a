"""How an application is started today, read from what its people have, as a first configuration.

A ``Procfile``, a systemd unit, a ``Dockerfile`` or a bare command line becomes a ``Start``; what
its server's options say becomes keys of ``surefoot.toml``, and what has no key is listed.
"""
