"""Taking away what is kept: keys, what hangs on tags, or a whole cache."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from surefoot.cache._sync.slots import Slots
from surefoot.cache.names import Names
from surefoot.cli.cache_place import Place, check_name
from surefoot.cli.console import Console
from surefoot.core.cache.family import RESPONSES, is_tag
from surefoot.errors import StoreError, StoreRefusedError, UsageError
from surefoot.ports import Store
from surefoot.stores.listing import listed

__all__ = ["Invalidated", "invalidated"]


@dataclass(frozen=True, slots=True)
class Invalidated:
    """What ``surefoot cache invalidate`` did."""

    store: str
    cache: str
    keys: int
    """Slots of values that were there and are not any more."""
    tags: tuple[str, ...]
    """What hangs on these is not served any more."""
    everything: bool
    bound: str
    """By when the copies in the application's processes are gone."""

    def text(self) -> str:
        """For a terminal."""
        keys = "1 value" if self.keys == 1 else f"{self.keys:,} values"
        done = [f"{keys} taken away"] if self.keys or not self.tags else []
        if self.tags:
            done.append(f"what hangs on {', '.join(self.tags)} is served no more")
        return f"{self.cache} in {self.store}: {'; '.join(done)}\n  {self.bound}"

    def data(self) -> Mapping[str, Any]:
        """For programs."""
        return {
            "store": self.store,
            "cache": self.cache,
            "keys": self.keys,
            "tags": list(self.tags),
            "all": self.everything,
        }


def invalidated(
    place: Place,
    name: str,
    keys: Sequence[str],
    tags: Sequence[str],
    console: Console,
    *,
    everything: bool,
) -> Invalidated:
    """Take away these keys of a cache, what hangs on these tags, or all of it.

    Raises:
        UsageError: It is not said what.
        ConfigError: The name or the URL cannot be understood, or there is no such file.
        StoreError: The store does not answer, or cannot list what it holds.
    """
    _check(place, name, keys, tags, everything=everything)
    with place.opened() as store:
        try:
            if everything:
                count = _all_of(place, store, name, console)
            else:
                count = Slots(store, Names(name)).delete(keys, tags)
        except StoreRefusedError:
            raise
        except StoreError as error:
            raise StoreError(
                f"{error.message}: maybe nothing was taken away", do="repeat it when it answers"
            ) from error
    return Invalidated(
        place.shown, name, count, tuple(tags), everything=everything, bound=_bound(place)
    )


def _check(
    place: Place, name: str, keys: Sequence[str], tags: Sequence[str], *, everything: bool
) -> None:
    if not name:
        raise UsageError("of which cache is not said", do="give --name books, or --responses")
    check_name(name)
    if everything == bool(keys or tags):
        raise UsageError(
            "give --key or --tag, or --all",
            do="surefoot cache invalidate --name books --tag book:7",
        )
    if name == RESPONSES and not everything:
        raise UsageError("answers have no keys or tags to write by hand", do="give --all")
    if everything and place.scheme == "memcached":
        raise UsageError(
            "Memcached cannot list what it holds, so that one cache cannot be told from the others",
            do="invalidate by key or tag; or give the cache another name in the application",
        )


def _all_of(place: Place, store: Store, name: str, console: Console) -> int:
    count = 0
    for held in listed(place.url, place.directory, name):
        store.delete([each.key for each in held])
        count += sum(not is_tag(each.key) for each in held)
        console.progress(f"{count:,} values taken away")
    return count


def _bound(place: Place) -> str:
    if place.scheme in {"redis", "rediss", "unix"}:
        return "copies in the application's processes go as they hear of it, within a second"
    return "copies in the application's processes live for a second at most"
