"""What may not be written on a command line: every user of the machine can read it there."""

from __future__ import annotations

from surefoot.config.rules import without_password
from surefoot.errors import UsageError

__all__ = ["open_to_all"]


def open_to_all(option: str, text: str, do: str) -> str:
    """The text, which holds no password.

    Args:
        option: As it was written, ``"--url"``.
        text: What was given.
        do: Where else to write it.

    Raises:
        UsageError: It is a URL with a password.
    """
    shown = without_password(text)
    if shown != text:
        raise UsageError(
            f"{option} {shown} holds a password, and all users of this machine can read "
            "what a command was started with",
            do=do,
        )
    return text
