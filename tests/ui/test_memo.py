"""Shared results: made once under threads, forgotten in time, never wrong after an error."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pandas as pd
import pytest
from tests.patience import PATIENCE

from reglab.ui.shared.memo import Memo, Statistics, frame_bytes

THREADS = 16


def memo(most: int = 100) -> Memo[bytes]:
    return Memo(most, len)


def together(ask: Callable[[], object]) -> list[object]:
    """What ``ask`` returns to many threads that ask at the same time."""
    start = threading.Barrier(THREADS)

    def one(_: int) -> object:
        start.wait()
        return ask()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


def test_threads_that_ask_at_once_share_one_result() -> None:
    shared, made = memo(), []

    def make() -> bytes:
        made.append(threading.get_ident())
        return bytes(8)

    results = together(lambda: shared.get("key", make))
    assert len(made) == 1
    assert all(result is results[0] for result in results)
    assert shared.statistics == Statistics(made=1, shared=THREADS - 1, kept=1, bytes=8)


def test_those_who_wait_get_the_result_of_the_one_who_makes_it() -> None:
    shared, begun, go_on = memo(), threading.Event(), threading.Event()

    def make() -> bytes:
        begun.set()
        assert go_on.wait(PATIENCE)
        return b"made"

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(shared.get, "key", make)
        assert begun.wait(PATIENCE)
        second = pool.submit(shared.get, "key", lambda: b"made twice")
        assert shared.get("other", lambda: b"at once") == b"at once"  # waits for nobody
        go_on.set()
        assert first.result() is second.result()


def test_keys_are_kept_apart() -> None:
    shared = memo()
    assert shared.get(("loss", 1), lambda: b"a") == b"a"
    assert shared.get(("loss", 2), lambda: b"b") == b"b"
    assert shared.get(("loss", 1), lambda: b"c") == b"a"


def test_the_least_recently_used_results_make_room() -> None:
    shared = memo(most=30)
    for key in "abc":
        shared.get(key, lambda: bytes(10))
    shared.get("a", lambda: b"made again")
    shared.get("d", lambda: bytes(10))
    assert shared.statistics.kept == 3
    assert shared.get("a", lambda: b"made again") == bytes(10)
    assert shared.get("b", lambda: b"made again") == b"made again"


def test_memory_is_bounded_whatever_is_asked_for() -> None:
    shared = memo(most=1_000)
    for size in range(2_000):
        shared.get(size, partial(bytes, size))
        assert shared.statistics.bytes <= 1_000


def test_a_result_larger_than_the_memo_is_given_and_not_kept() -> None:
    shared = memo(most=10)
    shared.get("small", lambda: bytes(5))
    assert len(shared.get("large", lambda: bytes(11))) == 11
    assert shared.statistics == Statistics(made=2, shared=0, kept=1, bytes=5)


def test_an_error_reaches_its_own_thread_and_the_next_one_tries_again() -> None:
    shared, lock = memo(), threading.Lock()
    tries: list[None] = []

    def make() -> bytes:
        with lock:
            tries.append(None)
            if len(tries) == 1:
                raise OSError("The first one fails.")
        return b"made"

    def ask() -> bytes | str:
        try:
            return shared.get("key", make)
        except OSError as error:
            return str(error)

    results = together(ask)
    assert results.count("The first one fails.") == 1
    assert results.count(b"made") == THREADS - 1
    assert len(tries) == 2


def test_an_interrupted_maker_leaves_nothing_pending() -> None:
    shared = memo()

    def interrupted() -> bytes:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shared.get("key", interrupted)
    assert shared.get("key", lambda: b"made") == b"made"


def test_frames_are_weighed_with_the_arrays_in_their_cells() -> None:
    counts = [np.zeros(64, np.int64) for _ in range(100)]
    plain, full = pd.DataFrame({"size": range(100)}), pd.DataFrame({"size": range(100), "counts": counts})
    assert frame_bytes(full) - frame_bytes(plain) >= 100 * 64 * 8
    assert frame_bytes(plain.iloc[:0]) < 1_000
