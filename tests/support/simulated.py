"""A store of one slot and one tag with a clock that only a test moves, and callers that use it.

A caller is a generator: it stops before each call of the store and each computation, so that a
test decides who goes next, who dies and what happens in between.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from surefoot.core.cache.frame import Tag
from surefoot.core.cache.freshness import (
    Claim,
    Content,
    ReadTags,
    ServeStale,
    Terms,
    Wait,
    fill,
    release,
    step,
)

KEY, TAG = "key", "tag:book"


class World:
    """The clock, the store, and where values come from."""

    def __init__(self, seed=0):
        self.now = 1_000_000
        self.slots = {}
        self.random = random.Random(seed)
        self.source = 0
        """What computing reads; grows with each write."""
        self.floor = 0
        """The least that may be served to whoever reads the slot from now on."""
        self.wiped = 0
        """How often the slot was deleted or overwritten."""
        self.claims = []

    def draw(self):
        return self.random.randbytes(8)

    def get(self, key):
        data, until = self.slots.get(key, (None, 0))
        return data if until > self.now else None

    def put(self, key, data, ttl):
        self.slots[key] = (data, self.now + round(1000 * ttl))

    def swap(self, key, expect, data, ttl):
        held = self.get(key)
        if (held is not None) if not expect else (held is None or not held.startswith(expect)):
            return False
        self.put(key, data, ttl)
        return True

    def patch(self, key, expect, head):
        held = self.get(key)
        if held is None or not held.startswith(expect):
            return False
        self.slots[key] = (head + held[len(head) :], self.slots[key][1])
        return True

    def tag(self):
        self.swap(TAG, b"", self.draw(), 1e6)
        return self.get(TAG)

    def delete(self, key):
        self.slots.pop(key, None)
        if key == KEY:
            self.wiped += 1


@dataclass
class Held:
    """A claim that was won."""

    claim: Claim
    wiped: int
    over: bool = False


@dataclass
class Caller:
    """One call of ``get_or_compute``; ``served`` is what it got."""

    world: World
    terms: Terms
    claim_ms: int = 1000
    tags: bool = False
    fails: bool = False
    served: int | None = None
    computed: int = 0
    held: Held | None = None
    asked: int = field(init=False)

    def __post_init__(self):
        self.asked = self.world.now

    def run(self):
        while True:
            yield "read"
            told = yield from self.look()
            if isinstance(told, Wait):
                assert told.until > self.world.now
            elif isinstance(told, Claim):
                if (yield from self.claim(told)):
                    return
            else:
                self.serve(told.frame, stale=isinstance(told, ServeStale))
                return

    def look(self):
        world = self.world
        data, floor, versions = world.get(KEY), world.floor, {}
        self.floor = floor
        while True:
            told = step(
                data, world.now, claim_ms=self.claim_ms, draw=world.draw, versions=versions,
                asked=self.asked,
            )  # fmt: skip
            if not isinstance(told, ReadTags):
                return told
            yield "read tags"
            versions = {name: world.get(name) for name in told.names}

    def serve(self, frame, *, stale):
        self.served = int(frame.payload)
        moment = min(self.world.now, self.asked)
        bound = self.terms.ttl + (self.terms.stale if stale else 0)
        assert moment - frame.made <= 1000 * bound
        assert self.served >= self.floor

    def claim(self, claim):
        world = self.world
        yield "claim"
        if claim.patches:
            won = world.patch(KEY, claim.expect, claim.data)
        else:
            won = world.swap(KEY, claim.expect, claim.data, claim.ttl)
        if not won:
            return False
        self.won(claim)
        tags = (yield from self.tag_now()) if self.tags else ()
        yield "compute"
        self.computed += 1
        value = world.source
        yield "computed"
        if self.fails:
            told = release(claim)
            world.patch(KEY, told.expect, told.head)
            self.held.over = True
            return True
        content = Content(str(value).encode(), tags=tags)
        slot = fill(claim, content, self.terms, world.now, world.draw())
        filled = world.swap(KEY, slot.expect, slot.data, slot.ttl)
        self.held.over = True
        if filled:
            assert self.held.wiped == world.wiped, "filled after it was deleted"
        self.served = value
        return True

    def tag_now(self):
        yield "read tag"
        return (Tag(TAG, self.world.tag()),)

    def won(self, claim):
        world = self.world
        self.held = Held(claim, world.wiped)
        for other in world.claims:
            if not other.over and other.claim.generation == claim.generation:
                assert other.claim.until <= world.now, "two claims hold at once"
        world.claims.append(self.held)
