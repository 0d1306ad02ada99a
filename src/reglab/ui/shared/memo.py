"""Results that all visitors share: each is made once, however many ask for it at the same time.

A memo is a module's global, out of reach of Streamlit's ``clear_cache``, which any visitor may send. A hot reload may
empty it; the next visitor who asks then makes the result again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True)
class Statistics:
    """``made`` results and the requests that found one (``shared``) since the start; results and bytes kept now."""

    made: int
    shared: int
    kept: int
    bytes: int


@dataclass
class Memo(Generic[Value]):
    """At most ``most`` bytes of results by ``size``; the least recently used ones are dropped first."""

    most: int
    size: Callable[[Value], int]
    _kept: OrderedDict[Hashable, tuple[Value, int]] = field(default_factory=OrderedDict)
    _pending: dict[Hashable, Future[Value]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _bytes: int = 0
    _made: int = 0
    _shared: int = 0

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The result for ``key``. The first thread that asks calls ``make``; others wait for what it returns.

        An exception of ``make`` reaches its own thread only; the next one in line tries again.
        """
        while True:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    self._shared += 1
                    return self._kept[key][0]
                pending = self._pending.get(key)
                if pending is None:
                    mine: Future[Value] = Future()
                    self._pending[key] = mine
                    break
            try:
                value = pending.result()
            except CancelledError:
                continue
            with self._lock:
                self._shared += 1
            return value
        return self._make(key, make, mine)

    @property
    def statistics(self) -> Statistics:
        """What the memo has done so far, and what it holds."""
        with self._lock:
            return Statistics(self._made, self._shared, len(self._kept), self._bytes)

    def _make(self, key: Hashable, make: Callable[[], Value], pending: Future[Value]) -> Value:
        try:
            value = make()
            size = self.size(value)
        except BaseException:
            with self._lock:
                del self._pending[key]
            pending.cancel()
            raise
        with self._lock:
            self._made += 1
            self._keep(key, value, size)
            del self._pending[key]
        pending.set_result(value)
        return value

    def _keep(self, key: Hashable, value: Value, size: int) -> None:
        """A result larger than the whole memo goes to those who wait for it, and is not kept."""
        if size > self.most:
            return
        self._kept[key] = value, size
        self._bytes += size
        while self._bytes > self.most:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._bytes -= dropped
