"""One typed, frozen, strict description of an application and of how it is to be run.

Every key is declared once, as a field of a dataclass in ``tables``: the reader, the environment
variables, the JSON schema, the commented file that ``surefoot init`` writes and the table in the
docs are all derived from that field. An unknown key, a wrong type or an impossible value is one
line that names file, key, what was found, what is allowed and the nearest right key.

Precedence: flag > environment (``SUREFOOT_SERVER_THREADS=8``) > file > default; between the last
two stands what a PasteDeploy file that is the target says of its server.
"""

from surefoot.config.cache import Cache, CachedResponse
from surefoot.config.declared import Key, keys, listed
from surefoot.config.health import CHECK_KINDS, Health, HealthCheck
from surefoot.config.reading import from_mapping, load, to_mapping
from surefoot.config.schema import schema
from surefoot.config.tables import (
    App,
    Balancer,
    Config,
    Data,
    Database,
    Response,
    Server,
    Settings,
    SloConfig,
    Telemetry,
    Workload,
)

__all__ = [
    "CHECK_KINDS",
    "App",
    "Balancer",
    "Cache",
    "CachedResponse",
    "Config",
    "Data",
    "Database",
    "Health",
    "HealthCheck",
    "Key",
    "Response",
    "Server",
    "Settings",
    "SloConfig",
    "Telemetry",
    "Workload",
    "from_mapping",
    "keys",
    "listed",
    "load",
    "schema",
    "to_mapping",
]
