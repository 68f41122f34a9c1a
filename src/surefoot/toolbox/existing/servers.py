"""What the options of the servers that people use mean in Surefoot's words."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from surefoot.toolbox.existing.options import Meaning, Options

__all__ = [
    "BIND", "CLASS", "DIRECTORY", "ENV_FILE", "FACTORY", "FILE", "HOST", "KIND", "PASTE", "PORT",
    "PRELOAD", "SERVERS", "TARGET", "THREADS", "WORKERS",
]  # fmt: skip

THREADS: Final = "server.threads"
DIRECTORY: Final = "app.directory"
ENV_FILE: Final = "app.env_file"
KIND: Final = "server.kind"
# Words of the servers' own rules, which become keys together with others.
BIND, HOST, PORT = "bind", "host", "port"
WORKERS, PRELOAD, CLASS = "workers", "preload", "worker class"
FACTORY, TARGET, FILE, PASTE = "factory", "target", "file", "paste"

_LOGS: Final = "what replicas print goes to surefoot's own output"
_LOGGING: Final = (
    "--access-log --access-logfile --no-access-log --error-logfile --log-file --log-level"
    " --log-config"
)
_RECYCLED: Final = "replicas are not started anew after a count of requests"
_WHY: Final = MappingProxyType(
    {
        **dict.fromkeys(_LOGGING.split(), _LOGS),
        "--reload": "replicas run what is there when they start",
        **dict.fromkeys(("-t", "--timeout", "--http-timeout"), "a request may take its time"),
        **dict.fromkeys(("--max-requests", "--max-requests-jitter"), _RECYCLED),
        **dict.fromkeys(("--limit-max-requests", "--workers-lifetime"), _RECYCLED),
    }
)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 3600:
        raise ValueError
    return number


def _port(text: str) -> int:
    number = int(text)
    if not 0 < number < 1 << 16:
        raise ValueError
    return number


def _options(known: dict[str, Meaning], flags: str) -> Options:
    return Options(MappingProxyType(known), frozenset(flags.split()), _WHY)


_WORKERS: Final = Meaning(WORKERS, _count)
_THREADS: Final = Meaning(THREADS, _count)
_KEEP_ALIVE: Final = Meaning("server.keep_alive", _seconds)
_GRACEFUL: Final = Meaning("server.graceful_timeout", _seconds)
_HOST: Final = Meaning(HOST)
_PORT: Final = Meaning(PORT, _port)
_BIND: Final = Meaning(BIND)

_GUNICORN: Final = _options(
    {
        "-b": _BIND, "--bind": _BIND, "-w": _WORKERS, "--workers": _WORKERS, "--threads": _THREADS,
        "-k": Meaning(CLASS), "--worker-class": Meaning(CLASS), "--preload": Meaning(PRELOAD),
        "--keep-alive": _KEEP_ALIVE, "--graceful-timeout": _GRACEFUL,
        "--chdir": Meaning(DIRECTORY), "-c": Meaning(FILE), "--config": Meaning(FILE),
        "--paste": Meaning(PASTE), "--paster": Meaning(PASTE),
    },
    "--reload --spew --check-config --print-config --preload --no-sendfile --reuse-port -D "
    "--daemon --initgroups --disable-redirect-access-to-syslog --capture-output --log-syslog -R "
    "--enable-stdio-inheritance --enable-backlog-metric --suppress-ragged-eofs "
    "--do-handshake-on-connect --permit-obsolete-folding --strip-header-spaces "
    "--permit-unconventional-http-method --permit-unconventional-http-version "
    "--casefold-http-method --no-control-socket",
)  # fmt: skip
_UVICORN: Final = _options(
    {
        "--host": _HOST, "--port": _PORT, "--workers": _WORKERS, "--factory": Meaning(FACTORY),
        "--timeout-keep-alive": _KEEP_ALIVE, "--timeout-graceful-shutdown": _GRACEFUL,
        "--env-file": Meaning(ENV_FILE), "--app-dir": Meaning(DIRECTORY),
    },
    "--reload --http2 --access-log --no-access-log --use-colors --no-use-colors --proxy-headers "
    "--no-proxy-headers --server-header --no-server-header --date-header --no-date-header "
    "--reset-contextvars --factory --version",
)  # fmt: skip
_HYPERCORN: Final = _options(
    {
        "-b": _BIND, "--bind": _BIND, "-w": _WORKERS, "--workers": _WORKERS,
        "--keep-alive": _KEEP_ALIVE, "--graceful-timeout": _GRACEFUL,
    },
    "--debug --reload",
)  # fmt: skip
_WAITRESS: Final = _options(
    {
        "--host": _HOST, "--port": _PORT, "--listen": _BIND, "--threads": _THREADS,
        "--channel-timeout": _KEEP_ALIVE, "--call": Meaning(FACTORY),
    },
    "--call --ipv4 --no-ipv4 --ipv6 --no-ipv6 --expose-tracebacks --no-expose-tracebacks "
    "--log-untrusted-proxy-headers --no-log-untrusted-proxy-headers "
    "--clear-untrusted-proxy-headers --no-clear-untrusted-proxy-headers --log-socket-errors "
    "--no-log-socket-errors --asyncore-use-poll --no-asyncore-use-poll",
)  # fmt: skip
_DAPHNE: Final = _options(
    {"-b": _HOST, "--bind": _HOST, "-p": _PORT, "--port": _PORT},
    "--proxy-headers --no-server-name",
)
_GRANIAN: Final = _options(
    {
        "--host": _HOST, "--port": _PORT, "--workers": _WORKERS, "--blocking-threads": _THREADS,
        "--factory": Meaning(FACTORY), "--working-dir": Meaning(DIRECTORY),
        "--env-files": Meaning(ENV_FILE),
    },
    "--ws --no-ws --http1-keep-alive --no-http1-keep-alive --http1-pipeline-flush "
    "--no-http1-pipeline-flush --http2-adaptive-window --no-http2-adaptive-window --log --no-log "
    "--access-log --no-access-log --ssl-client-verify --no-ssl-client-verify "
    "--respawn-failed-workers --no-respawn-failed-workers --factory --no-factory --metrics "
    "--no-metrics --reload --no-reload --reload-ignore-worker-failure "
    "--no-reload-ignore-worker-failure --version",
)  # fmt: skip
_FLASK: Final = _options(
    {
        "-A": Meaning(TARGET), "--app": Meaning(TARGET), "-h": _HOST, "--host": _HOST,
        "-p": _PORT, "--port": _PORT, "-e": Meaning(ENV_FILE), "--env-file": Meaning(ENV_FILE),
    },
    "--debug --no-debug --reload --no-reload --debugger --no-debugger --with-threads "
    "--without-threads",
)  # fmt: skip
_FASTAPI: Final = _options(
    {"--host": _HOST, "--port": _PORT, "--workers": _WORKERS, "--app": Meaning("name")},
    "--reload --no-reload --proxy-headers --no-proxy-headers",
)
_PSERVE: Final = _options({}, "--reload -v --verbose -q --quiet --browser -b")

SERVERS: Final = MappingProxyType(
    {
        "gunicorn": _GUNICORN,
        "uvicorn": _UVICORN,
        "hypercorn": _HYPERCORN,
        "waitress-serve": _WAITRESS,
        "waitress": _WAITRESS,
        "daphne": _DAPHNE,
        "granian": _GRANIAN,
        "flask": _FLASK,
        "fastapi": _FASTAPI,
        "pserve": _PSERVE,
    }
)
"""By the program's name, which ``python -m`` knows too."""
