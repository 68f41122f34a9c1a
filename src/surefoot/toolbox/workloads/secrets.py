"""What may not be copied: found by the name it goes under or by what it looks like.

A workload file is committed and shown to colleagues. Where a secret stood, a place to fill in is
written, ``{env.PASSWORD}``, and the name is listed as asked for.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from surefoot.core.secret_names import is_secret_name, words
from surefoot.toolbox.workloads.draft import Needed

__all__ = ["Secrets", "is_secret", "is_secret_header", "looks_secret", "masked"]

_WORDS: Final = frozenset(
    {
        "auth", "csrf", "xsrf", "csrfmiddlewaretoken", "csrftoken", "nonce", "sid", "sig",
        "signature", "session", "sessid", "phpsessid", "jsessionid", "pin", "cvc", "iban", "ssn",
        "card", "ticket", "assertion",
    }
)  # fmt: skip
_HEADERS: Final = frozenset({"authorization", "proxy-authorization", "cookie"})
# A web token; keys of well-known services; long and mixed as only chance writes.
_VALUE: Final = re.compile(
    r"eyJ[\w-]{6,}\.[\w-]{6,}(\.[\w-]*)?"
    r"|(?:sk|pk|rk)_(?:live|test)_\w{8,}|gh[pousr]_\w{20,}|xox[abp]-[\w-]{10,}|AKIA[0-9A-Z]{16}"
    r"|(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)[A-Za-z0-9_+/=-]{24,}"
)
_SCHEME: Final = re.compile(r"(?:bearer|basic|token|digest)\s+(\S.*)", re.IGNORECASE)


def looks_secret(value: str) -> bool:
    """Whether this looks like a token, whatever it is called."""
    match = _SCHEME.fullmatch(value)
    return match is not None or _VALUE.fullmatch(value) is not None


def masked(text: str) -> str:
    """A path, or what has one in it, without parts that look like a secret."""
    parts = text.split("/")
    return "/".join("..." if looks_secret(unquote(part)) else part for part in parts)


def is_secret(name: str, value: str) -> bool:
    """Whether a field or parameter holds a secret; what is empty holds none."""
    if not value or value.lower() in {"true", "false", "null", "none"}:
        return False
    return is_secret_name(name) or not _WORDS.isdisjoint(words(name)) or looks_secret(value)


def is_secret_header(name: str, value: str) -> bool:
    """Whether a header holds a secret."""
    return bool(value) and (name.lower() in _HEADERS or is_secret(name, value))


class Secrets:
    """Names for the secrets of one source: the same for the same value.

    Attributes:
        needed: What has to be supplied, in the order it was met.
        values: What was found under each name; stays in this process.
    """

    def __init__(self) -> None:
        self.needed: list[Needed] = []
        self.values: dict[str, str] = {}
        self._names: dict[str, str] = {}

    def place(self, name: str, value: str, where: str) -> str:
        """The text to write in place of ``value``.

        Args:
            name: Of the field, parameter or header.
            value: The secret itself.
            where: Which request it is in, for people.
        """
        scheme = value[: -len(match[1])] if (match := _SCHEME.fullmatch(value)) else ""
        bare = value.removeprefix(scheme)
        if bare not in self._names:
            variable = self._variable(name)
            self._names[bare] = variable
            self.values[variable] = bare
            self.needed.append(Needed(variable, f"{name} of {where}"))
        return f"{scheme}{{env.{self._names[bare]}}}"

    def ask(self, name: str, what: str) -> None:
        """List something else that has to be supplied."""
        if all(needed.name != name for needed in self.needed):
            self.needed.append(Needed(name, what))

    def _variable(self, name: str) -> str:
        base = re.sub(r"\W+", "_", "_".join(words(name)), flags=re.ASCII).strip("_").upper()
        base = base if re.match(r"[A-Z_]", base) else f"SECRET_{base}".rstrip("_")
        number, variable = 1, base
        while variable in self.values:
            number += 1
            variable = f"{base}_{number}"
        return variable
