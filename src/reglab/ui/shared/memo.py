"""Results that all sessions share: frames, figures and the newest readings of the store, each made once.

They are module globals, out of reach of Streamlit's ``clear_cache``, which any visitor may send. A hot reload may
empty them; the next visitor who asks then makes the result again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Generic, TypeVar

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reglab import columns
from reglab.charts.base import unchecked
from reglab.store import Run, Store

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
        """The result for ``key``. The first thread that asks calls ``make``; others wait for its result.

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
        """A result larger than the whole memo is returned, and not kept."""
        if size > self.most:
            return
        self._kept[key] = value, size
        self._bytes += size
        while self._bytes > self.most:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._bytes -= dropped


def shared_frame(key: Hashable, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """The frame of ``make``, computed once for all sessions; ``key`` names all that it depends on."""
    return FRAMES.get(key, make)


@dataclass(frozen=True)
class Drawn:
    """A figure as JSON, and ``version``, equal for equal figures."""

    json: bytes
    version: str


def drawn(figure: go.Figure) -> Drawn:
    """``figure``, serialised."""
    json: bytes = figure.to_json(engine="orjson", remove_uids=False).encode()
    return Drawn(json, blake2b(json, digest_size=8).hexdigest())


def shared_figure(key: Hashable, make: Callable[[], go.Figure]) -> Drawn:
    """The figure of ``make``, drawn and serialised once for all sessions; ``key`` names all that it depends on."""

    def draw() -> Drawn:
        with unchecked():
            return drawn(make())

    return FIGURES.get(key, draw)


@dataclass
class _Newest(Generic[Value]):
    """The newest reading of one thing, the sessions that have it, and how many readings there have been."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    value: Value | None = None
    facts: Hashable = None
    version: Hashable = None
    seen: set[str] = field(default_factory=set)
    count: int = 0


@dataclass
class Readings(Generic[Value]):
    """The newest readings of at most ``most`` things; the least recently used one is dropped first.

    While something trains, each look at the store finds it a little further, so sessions that look at different moments
    would share nothing. Here the newest reading serves every session once: it is replaced when a session that already
    has it comes again. Sessions that tick equally often thus cost one reading and one set of figures for each round of
    ticks, however many they are, and no session shows an older state than at its last tick.

    A session that opens the page reads anew, because the newest reading is as old as the last look of anybody. It
    leaves the round as it is. Sessions that open the page at once share the reading that is under way.
    """

    most: int
    _newest: OrderedDict[Hashable, _Newest[Value]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(
        self,
        key: Hashable,
        session: str,
        *,
        opens: bool,
        facts: Hashable,
        version: Hashable,
        read: Callable[[Value | None], Value],
    ) -> Value:
        """The newest reading of ``key`` if it will do, else that of ``read``, called by one thread at a time.

        It will do if it is of this ``version``; or of another one, if its ``facts`` are still true and it was made
        while the caller waited, or ``session`` does not have it yet and ``opens`` no page. Facts are what a person must
        see at once, such as a state; a version is how far training is. ``read`` gets the reading that it replaces, to
        read on from there, if that one has the same ``facts``.
        """
        newest = self._of(key)
        arrived = newest.count
        with newest.lock:
            same, new = newest.facts == facts, session not in newest.seen
            serves = same and (newest.count > arrived or (new and not opens))
            if newest.value is None or not (newest.version == version or serves):
                newest.value = read(newest.value if same else None)
                newest.facts, newest.version, newest.count = facts, version, newest.count + 1
                if not (same and new):
                    newest.seen = set()
            newest.seen.add(session)
            return newest.value

    def _of(self, key: Hashable) -> _Newest[Value]:
        with self._lock:
            newest = self._newest.setdefault(key, _Newest())
            self._newest.move_to_end(key)
            while len(self._newest) > self.most:
                self._newest.popitem(last=False)
            return newest


def epochs_on(store: Store, runs: Sequence[Run], before: pd.DataFrame | None) -> pd.DataFrame:
    """The epochs of ``runs``, as :meth:`Store.epochs` gives them; only those that ``before`` lacks are read.

    Reading thousands of epochs again for the few new ones would cost more than all charts.
    """
    ids = [run.id for run in runs]
    if before is None or before.empty:
        return store.epochs(ids)
    alone = len(ids) == 1
    if alone:
        last = {ids[0]: int(before[columns.EPOCH].to_numpy()[-1])}
    else:
        known = before.groupby(columns.RUN)[columns.EPOCH].max()
        last = {run.id: int(known.get(run.id, 0)) for run in runs}
    if any(last[run.id] > run.epoch for run in runs):  # resumed from a checkpoint before its last epoch
        return store.epochs(ids)
    behind = [run.id for run in runs if last[run.id] < run.epoch]
    if not behind:
        return before
    new = store.epochs(behind, since=min(last[run] for run in behind))
    if alone:
        return pd.concat([before, new], ignore_index=True)
    new = new[new[columns.EPOCH].to_numpy() > new[columns.RUN].map(last).to_numpy()]
    whole = pd.concat([before, new], ignore_index=True)
    rank = whole[columns.RUN].map({run: number for number, run in enumerate(ids)}).to_numpy()
    return whole.iloc[np.argsort(rank, kind="stable")].reset_index(drop=True)


def frame_bytes(frame: pd.DataFrame) -> int:
    """About how much memory ``frame`` takes. Arrays in the cells of a column are as long as the first one."""
    first = () if frame.empty else frame.iloc[0]
    return int(frame.memory_usage().sum()) + sum(
        len(frame) * cell.nbytes for cell in first if isinstance(cell, np.ndarray)
    )


FRAMES: Memo[pd.DataFrame] = Memo(most=256 * 2**20, size=frame_bytes)
FIGURES: Memo[Drawn] = Memo(most=64 * 2**20, size=lambda figure: len(figure.json))
