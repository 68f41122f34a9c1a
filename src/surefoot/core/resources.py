"""What a request can wait for or use up, under one name everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["NAMED", "Kind", "Resource"]


class Kind(StrEnum):
    """The kinds of resource; those in ``NAMED`` are told apart by a name as well."""

    HOST_CPU = "host.cpu"
    APP_CPU = "app.cpu"
    APP_THREADS = "app.threads"
    APP_LOOP = "app.loop"
    APP_LOCK = "app.lock"
    DB_POOL = "db.pool"
    DB_CPU = "db.cpu"
    DB_WAIT = "db.wait"
    DB_LOCK = "db.lock"
    CACHE = "cache"
    HTTP = "http"
    SMTP = "smtp"
    PROCESS = "process"
    QUEUE = "queue"
    DISK = "disk"
    NET = "net"
    BALANCER = "balancer"
    OTHER = "other"


NAMED = frozenset({Kind.CACHE, Kind.HTTP, Kind.SMTP, Kind.PROCESS, Kind.QUEUE})


@dataclass(frozen=True, slots=True, order=True)
class Resource:
    """One resource: a kind, and for caches, hosts, programs and queues a name.

    ``str()`` gives the form used at every edge (``"app.cpu"``, ``"http.prices:9001"``) and
    ``Resource.parse`` reads it back.
    """

    kind: Kind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind.value}.{self.name}" if self.name else self.kind.value

    @classmethod
    def parse(cls, text: str) -> Resource:
        """Read what ``str()`` wrote.

        Raises:
            ValueError: The text names no kind of resource.
        """
        head, _, name = text.partition(".")
        if name and head in NAMED:
            return cls(Kind(head), name)
        return cls(Kind(text))
