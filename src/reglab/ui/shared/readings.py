"""What live pages read from the store, read once for all sessions that watch the same thing.

While something trains, each look at the store finds it a little further, so sessions that look at different moments
would share nothing. Here the newest reading serves every session once: it is replaced when a session that already has
it comes again. Sessions that tick equally often thus cost one reading and one set of figures for each round of ticks,
however many they are, and no session shows an older state than at its last tick.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass
class _Newest(Generic[Value]):
    """The newest reading of one thing, and the sessions that have it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    value: Value | None = None
    facts: Hashable = None
    version: Hashable = None
    seen: set[str] = field(default_factory=set)


@dataclass
class Readings(Generic[Value]):
    """The newest readings of at most ``most`` things; the least recently used one is dropped first."""

    most: int
    _newest: OrderedDict[Hashable, _Newest[Value]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(
        self,
        key: Hashable,
        session: str,
        *,
        facts: Hashable,
        version: Hashable,
        read: Callable[[Value | None], Value],
    ) -> Value:
        """The newest reading of ``key``; ``read`` is called where it will not do, by one thread at a time.

        ``read`` gets the reading that it replaces, to read on from there, if that one has the same ``facts``.

        It does where it is of this ``version``; or of another one that ``session`` does not have yet, if its ``facts``
        are still true. Facts are what a person must see at once, such as a state; a version is how far training is.
        """
        newest = self._of(key)
        with newest.lock:
            current = newest.version == version or (newest.facts == facts and session not in newest.seen)
            if newest.value is None or not current:
                before = newest.value if newest.facts == facts else None
                newest.value, newest.facts, newest.version, newest.seen = read(before), facts, version, set()
            newest.seen.add(session)
            return newest.value

    def _of(self, key: Hashable) -> _Newest[Value]:
        with self._lock:
            newest = self._newest.setdefault(key, _Newest())
            self._newest.move_to_end(key)
            while len(self._newest) > self.most:
                self._newest.popitem(last=False)
            return newest
