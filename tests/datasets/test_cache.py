"""Pools in memory: loaded once however many ask, given up when too large, never kept when loading failed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tests.patience import PATIENCE

from reglab.datasets import DATASETS, Dataset, Images, Progress, cache, load_images
from reglab.errors import DataError, UnknownName


class Counter:
    """A stand-in for a loader: counts its calls, can be held up, reads a file if asked to, and gives ``images``."""

    def __init__(self, x: torch.Tensor | None = None, y: torch.Tensor | None = None) -> None:
        self.calls: list[Path] = []
        self.gate = threading.Event()
        self.gate.set()
        self.reads: Path | None = None
        self.images = Images(torch.zeros(20, 1, 8, 8) if x is None else x, torch.arange(20) % 10 if y is None else y)

    def __call__(self, folder: Path, progress: Progress) -> Images:
        self.calls.append(folder)
        assert self.gate.wait(PATIENCE)
        if self.reads is not None:
            self.reads.read_bytes()
        return Images(self.images.x.clone(), self.images.y.clone())


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    cache.forget_images()
    yield
    cache.forget_images()


def _install(monkeypatch: pytest.MonkeyPatch, loader: Counter, name: str = "digits") -> Dataset:
    entry = replace(DATASETS.get(name), load=loader)
    monkeypatch.setitem(DATASETS.entries, name, entry)
    return entry


def test_threads_that_ask_at_once_load_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    loader = Counter()
    _install(monkeypatch, loader)
    loader.gate.clear()
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(load_images, "digits", tmp_path) for _ in range(8)]
        loader.gate.set()
        assert len({id(each.result()) for each in waiting}) == 1
    assert loader.calls == [tmp_path]


def test_a_slow_data_set_does_not_hold_up_another(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slow = Counter()
    _install(monkeypatch, slow)
    slow.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(load_images, "digits", tmp_path)
        assert len(load_images("synthetic", tmp_path).y) == 3000
        assert not waiting.done()
        slow.gate.set()
        waiting.result()


def test_another_folder_is_another_pool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    loader = Counter()
    _install(monkeypatch, loader)
    load_images("digits", tmp_path / "a")
    load_images("digits", tmp_path / "b")
    load_images("digits", tmp_path / "b" / ".." / "a")
    assert loader.calls == [tmp_path / "a", tmp_path / "b"]


def test_the_longest_unused_is_given_up_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    loader = Counter()
    _install(monkeypatch, loader)
    monkeypatch.setattr(cache, "LIMIT_BYTES", 2 * loader.images.x.nbytes)
    a, b, c = (tmp_path / name for name in "abc")
    for folder in (a, b, a, c, a, b):  # c pushes b out, not a
        load_images("digits", folder)
    assert loader.calls == [a, b, c, b]


def test_one_pool_larger_than_the_limit_is_still_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    loader = Counter()
    _install(monkeypatch, loader)
    monkeypatch.setattr(cache, "LIMIT_BYTES", 1)
    load_images("digits", tmp_path)
    load_images("digits", tmp_path)
    assert len(loader.calls) == 1


def test_a_failure_is_told_and_not_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    loader = Counter()
    _install(monkeypatch, loader)
    loader.reads = tmp_path / "missing"
    with pytest.raises(DataError) as failed:
        load_images("digits", tmp_path)
    assert str(failed.value) == f"Digits (8×8) cannot be read ({loader.reads}): No such file or directory."
    loader.reads = None
    assert len(load_images("digits", tmp_path).y) == 20


@pytest.mark.parametrize(
    ("x", "y", "sentence"),
    [
        (torch.zeros(20, 3, 8, 8), None, "is not what was expected"),
        (torch.zeros(19, 1, 8, 8), None, "is not what was expected"),
        (torch.zeros(20, 1, 8, 8, dtype=torch.float64), None, "is not what was expected"),
        (torch.zeros(0, 1, 8, 8), torch.zeros(0, dtype=torch.int64), "is not what was expected"),
        (torch.zeros(1798, 1, 8, 8), torch.zeros(1798, dtype=torch.int64), "is not what was expected"),
        (None, torch.arange(20), "has a label 19; it has 10 classes"),
        (None, torch.arange(20) - 1, "has a label -1; it has 10 classes"),
    ],
)
def test_files_that_do_not_hold_what_the_entry_says_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, x: torch.Tensor | None, y: torch.Tensor | None, sentence: str
) -> None:
    _install(monkeypatch, Counter(x, y))
    with pytest.raises(DataError) as error:
        load_images("digits", tmp_path)
    assert sentence in str(error.value)


def test_an_unknown_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownName):
        load_images("no such", tmp_path)
