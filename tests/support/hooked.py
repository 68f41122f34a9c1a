"""Hooks whose drivers talk to a server."""

from __future__ import annotations

from typing import ClassVar

import pytest

from surefoot.testing import HookContract


class WithServer(HookContract):
    """Hands the exercise what a fixture gives: an address, a directory.

    Attributes:
        server: The fixture's name.
        given: How the exercise is told of it.
    """

    server: ClassVar[str]
    given: ClassVar[str] = "{}"

    @pytest.fixture(autouse=True)
    def _served(self, request):
        self.address = self.given.format(request.getfixturevalue(self.server))

    def arguments(self):
        return (self.address,)
