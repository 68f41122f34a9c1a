"""Which sort of file somebody has, told by its name and its first characters."""

from __future__ import annotations

import gzip
import io
import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Final

from surefoot.errors import WorkloadError

__all__ = ["Sort", "Source", "opened", "sort_of", "whole"]

_HEAD: Final = 4096
_LARGEST: Final = 256 * 2**20


class Sort(StrEnum):
    """What a workload can be made from."""

    LOG = "access log"
    HAR = "HAR file"
    OPENAPI = "OpenAPI document"
    LOCUST = "locustfile"
    JMETER = "JMeter plan"


def sort_of(name: str, head: str) -> Sort:
    """The sort of a file of this name that begins like this.

    Raises:
        WorkloadError: It is none that can be read.
    """
    lower = name.lower().removesuffix(".gz")
    if lower.endswith(".py"):
        return Sort.LOCUST
    if lower.endswith(".har") or re.match(r'\s*\{\s*"log"\s*:\s*\{', head):
        return Sort.HAR
    if _says("openapi", head):
        return Sort.OPENAPI
    if lower.endswith(".jmx") or "<jmeterTestPlan" in head:
        return Sort.JMETER
    if _says("swagger", head):
        raise WorkloadError(
            f"{name} describes its API by Swagger 2",
            do="convert it to OpenAPI 3 (editor.swagger.io does)",
        )
    return Sort.OPENAPI if lower.endswith((".yaml", ".yml", "openapi.json")) else Sort.LOG


def _says(key: str, head: str) -> bool:
    """Whether JSON or YAML begins with this key, or nearly so."""
    return re.search(rf'"{key}"\s*:|^{key}\s*:', head, re.MULTILINE) is not None


@dataclass(frozen=True, slots=True)
class Source:
    """A file under the hand."""

    name: str
    head: str
    """Its first characters."""
    text: IO[str]

    @property
    def sort(self) -> Sort:
        """What it is.

        Raises:
            WorkloadError: Nothing that can be read.
        """
        return sort_of(self.name, self.head)


@contextmanager
def opened(name: str) -> Iterator[Source]:
    """A file, unpacked if it is gzip; ``-`` is standard input. Within, nothing but it is read.

    Raises:
        WorkloadError: It cannot be read.
    """
    shown = "standard input" if name == "-" else Path(name).name
    try:
        with _raw(name) as raw:
            packed = raw.peek(2)[:2] == b"\x1f\x8b"
            data: io.BufferedReader = (
                io.BufferedReader(gzip.GzipFile(fileobj=raw)) if packed else raw
            )
            head = data.peek(_HEAD)[:_HEAD].decode("utf-8-sig", "replace")
            # Logs hold whatever somebody sent; a byte that is no UTF-8 spoils no line.
            text = io.TextIOWrapper(data, encoding="utf-8-sig", errors="replace", newline="\n")
            yield Source(shown, head, text)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise WorkloadError(f"{shown} cannot be read: {reason}") from error


@contextmanager
def _raw(name: str) -> Iterator[io.BufferedReader]:
    if name == "-":
        with open(sys.stdin.fileno(), "rb", closefd=False) as file:
            yield file
    else:
        with Path(name).open("rb") as file:
            yield file


def whole(source: Source) -> str:
    """All of a file that is read as one.

    Raises:
        WorkloadError: It is larger than 256 MiB.
    """
    text = source.text.read(_LARGEST + 1)
    if len(text) > _LARGEST:
        raise WorkloadError(f"{source.name} is larger than {_LARGEST >> 20} MiB")
    return text
