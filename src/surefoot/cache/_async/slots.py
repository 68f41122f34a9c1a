"""What one cache does with the slots of its store: look, claim, fill, invalidate."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from surefoot.cache.names import Names
from surefoot.core.cache.frame import NOBODY, Tag
from surefoot.core.cache.freshness import (
    Claim,
    Content,
    Fill,
    ReadTags,
    Step,
    Terms,
    Wait,
    fill,
    release,
    step,
    write,
)
from surefoot.ports import AsyncStore

__all__ = ["AsyncSlots"]

# A tag that a store has lost takes its values along, so this bounds no value that is used.
_NUMBER: Final = re.compile(rb"-?[0-9]{1,19}")
_LONGEST_NUMBER: Final = 20
_NONE_READ: Final[Mapping[str, bytes | None]] = {}
_GONE: Final = Wait(0)
_TAG_SECONDS: Final = 30 * 86400.0


class AsyncSlots:
    """The slots of one cache.

    Args:
        store: Where they lie.
        names: Under which keys.

    Raises:
        StoreError: From each verb, when the store does not answer.
    """

    def __init__(self, store: AsyncStore, names: Names) -> None:
        self.store = store
        self.names = names

    async def look(
        self, key: str, tags: Sequence[str], claim_ms: int, asked: int | None = None
    ) -> tuple[Step, dict[str, bytes | None]]:
        """What to do about a key, and the versions of its tags as they were then.

        Args:
            key: Of the value.
            tags: Those that are known before the value is read: one round trip for all.
            claim_ms: How long a claim would hold.
            asked: When the caller asked, if it has waited since.
        """
        names = self.names
        wanted = [names.slot(key)]
        if tags:
            wanted += map(names.tag, tags)
        data, *read = await self.store.get(wanted)
        if data is not None and not data:
            # Nothing of ours is empty, and a swap cannot expect it: that stands for "no slot".
            await self.store.delete(wanted[:1])
            data = None
        versions = dict(zip(tags, read, strict=True))
        move = step(data, now(), claim_ms=claim_ms, draw=draw, versions=versions, asked=asked)
        if type(move) is ReadTags:
            versions |= await self._versions(move.names)
            move = step(data, now(), claim_ms=claim_ms, draw=draw, versions=versions, asked=asked)
        return move, versions

    async def read(self, key: str) -> tuple[bytes, Step | int]:
        """What a key's slot holds, nothing where there is none, and what to do about it.

        Two round trips at most.
        """
        data = (await self.store.get([self.names.slot(key)]))[0]
        moment = now()
        move = _seen(data, moment)
        if type(move) is ReadTags:
            move = _seen(data, moment, await self._versions(move.names))
        return data or b"", move

    async def look_at_many(self, keys: Sequence[str]) -> list[Step | int]:
        """What to do about each of these keys, or the number that one holds.

        Two round trips at most.
        """
        names = self.names
        read = await self.store.get([names.slot(key) for key in keys])
        moment = now()
        moves = [_seen(data, moment) for data in read]
        hanging = [move for move in moves if type(move) is ReadTags]
        if hanging:
            versions = await self._versions(
                tuple({name for move in hanging for name in move.names})
            )
            moves = [
                _seen(data, moment, versions) if type(move) is ReadTags else move
                for data, move in zip(read, moves, strict=True)
            ]
        return moves

    async def incr(self, key: str, by: int, ttl: float) -> int:
        """Add to a number."""
        return await self.store.incr(self.names.slot(key), by, ttl)

    async def claim(self, key: str, claim: Claim) -> bool:
        """Whether the claim was won."""
        slot = self.names.slot(key)
        if claim.patches:
            return await self.store.patch(slot, claim.expect, claim.data)
        return await self.store.swap(slot, claim.expect, claim.data, claim.ttl)

    async def fill(self, key: str, claim: Claim, content: Content, terms: Terms) -> bool:
        """Keep what was computed; whether it was still wanted."""
        made = fill(claim, content, terms, now(), draw())
        return await self.replace(key, made)

    async def replace(self, key: str, made: Fill) -> bool:
        """Write a slot that is still as it was read."""
        return await self.store.swap(self.names.slot(key), made.expect, made.data, made.ttl)

    async def release(self, key: str, claim: Claim, until: int = NOBODY) -> None:
        """Let the next compute, at once or from an instant on."""
        patch = release(claim, until)
        await self.store.patch(self.names.slot(key), patch.expect, patch.head)

    async def write(self, contents: Mapping[str, Content], terms: Terms) -> None:
        """Write values that nobody asked for, in one round trip."""
        moment = now()
        made = {
            self.names.slot(key): write(content, terms, moment, draw())
            for key, content in contents.items()
        }
        if made:
            ttl = max(each.ttl for each in made.values())
            await self.store.put({slot: each.data for slot, each in made.items()}, ttl)

    async def delete(self, keys: Iterable[str], tags: Iterable[str]) -> int:
        """Take keys away, and whatever hangs on these tags; returns how many keys there were."""
        new = {self.names.tag(tag): draw() for tag in tags}
        slots = [self.names.slot(key) for key in keys]
        try:
            if new:
                await self.store.put(new, _TAG_SECONDS)
        finally:
            # Asked even if the tags failed: a guarded store remembers what it could not delete.
            count = await self.store.delete(slots) if slots else 0
        return count

    async def tags(self, versions: Mapping[str, bytes | None]) -> tuple[Tag, ...]:
        """These tags with their versions; those that the store does not have begin now."""
        known = dict(versions)
        for name in [name for name, version in known.items() if version is None]:
            version = draw()
            if not await self.store.swap(self.names.tag(name), b"", version, _TAG_SECONDS):
                known |= await self._versions((name,))
            else:
                known[name] = version
        # One that came and went meanwhile has no version: a value that hangs on it is gone at once.
        return tuple(Tag(name, version or draw()) for name, version in known.items())

    async def read_tags(self, names: Sequence[str]) -> tuple[Tag, ...]:
        """The tags of these names, for a value that is written without being computed."""
        return await self.tags(await self._versions(names)) if names else ()

    async def _versions(self, names: Sequence[str]) -> dict[str, bytes | None]:
        read = await self.store.get([self.names.tag(name) for name in names])
        return dict(zip(names, read, strict=True))


def _seen(
    data: bytes | None, moment: int, versions: Mapping[str, bytes | None] = _NONE_READ
) -> Step | int:
    """What a slot is to who does not compute."""
    if not data:
        return _GONE
    if len(data) <= _LONGEST_NUMBER and _NUMBER.fullmatch(data):
        return int(data)
    return step(data, moment, claim_ms=1, draw=draw, versions=versions)


def now() -> int:
    """Wall-clock milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def draw() -> bytes:
    """8 bytes that no other process draws."""
    return os.urandom(8)
