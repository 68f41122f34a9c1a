"""How large copies are where the code does not say."""

from __future__ import annotations

import pytest

from surefoot.cache import AsyncCache, Cache
from surefoot.cache.unsaid import unsaid


@pytest.fixture
def said():
    unsaid.local = 2_000_000
    yield
    unsaid.local = None


@pytest.mark.parametrize("kind", [Cache, AsyncCache])
def test_a_cache_has_what_the_configuration_says_where_the_code_says_nothing(said, kind, tmp_path):
    url = f"sqlite:///{tmp_path}/c.db"
    rooms = [kind.from_url(url, **code).local.table.max_bytes for code in ({}, {"local": "1MB"})]
    assert rooms == [2_000_000, 1_000_000]
    # There it would be a copy of what lies in the process anyway.
    assert kind.from_url("memory://").local is None


def test_without_it_there_are_no_copies(tmp_path):
    assert Cache.from_url(f"sqlite:///{tmp_path}/c.db").local is None
