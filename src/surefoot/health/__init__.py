"""Whether this process is fit to serve: its own checks, and taking it out of service.

    from surefoot import health

    @health.check("search", hard=False)
    def search_answers():
        client.ping()

``surefoot.web`` answers ``/livez``, ``/readyz`` and ``/startupz`` from it.
"""

from surefoot.health.checks import check
from surefoot.health.draining import drain

__all__ = ["check", "drain"]
