"""Decoded images on the disk: the same bits as decoded ones, decoded once, and never in the way of training."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.datasets.files import TEST_NAMES, write_idx_pair
from tests.patience import PATIENCE
from tests.real_errors import needs_full_disk, write_to_a_full_disk

from reglab import RunSpec, atomic, train
from reglab.datasets import DATASETS, Images, Progress, image_cache, image_file, load_images
from reglab.datasets.cache import forget_images, load_test_images
from reglab.datasets.image_file import Arrays, DamagedFile, read_arrays, write_arrays
from reglab.events import Ended

NAME = "digits"


class Loader:
    """A data set of one file, whose every byte is a pixel of one of ten images; counts how often it is decoded."""

    def __init__(self, file: Path) -> None:
        self.file, self.calls = file, 0
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(range(64)) * 10)

    def __call__(self, _folder: Path, _progress: Progress) -> Images:
        self.calls += 1
        pixels = np.frombuffer(self.file.read_bytes(), np.uint8).reshape(-1, 1, 8, 8).copy()
        return Images(torch.from_numpy(pixels), torch.arange(10))

    def sources(self, _folder: Path) -> tuple[Path, ...]:
        return (self.file,)


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    forget_images()
    yield
    forget_images()


@pytest.fixture(name="home")
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of the settings, which is there, with nothing in it."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("REGLAB_HOME", str(home))
    monkeypatch.delenv("REGLAB_DATA", raising=False)
    return home


@pytest.fixture(name="loader")
def _loader(home: Path, monkeypatch: pytest.MonkeyPatch) -> Loader:
    loader = Loader(home / "data" / "pixels")
    monkeypatch.setitem(
        DATASETS.entries, NAME, replace(DATASETS.get(NAME), load=loader, sources=loader.sources, test=None)
    )
    return loader


def start(home: Path, name: str = NAME) -> Images:
    """The images as a process has them that has just started."""
    forget_images()
    return load_images(name, home / "data")


def entries(home: Path) -> list[Path]:
    return [entry.path for entry in image_cache.kept(home / "cache")]


def rewrite(file: Path, content: bytes) -> None:
    """Write ``content`` until the system's clock for files, which has coarse ticks, has moved on."""
    before = file.stat().st_mtime_ns
    while file.stat().st_mtime_ns == before:
        file.write_bytes(content)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_second_start_decodes_nothing(home: Path, loader: Loader) -> None:
    first, second = start(home), start(home)
    assert loader.calls == 1
    assert torch.equal(first.x, second.x)
    assert torch.equal(first.y, second.y)
    assert (second.x.dtype, second.y.dtype) == (torch.uint8, torch.int64)


def test_the_pages_are_those_of_the_file_and_writing_to_them_changes_it_for_nobody(home: Path, loader: Loader) -> None:
    images, [path] = start(home), entries(home)
    if sys.platform == "linux":
        assert str(path) in Path("/proc/self/maps").read_text()
    before = path.read_bytes()
    images.x.add_(1)
    assert path.read_bytes() == before
    assert start(home).x[0, 0, 0, 0] == 0
    assert loader.calls == 1


def test_what_other_machines_may_remove_is_copied_into_memory(
    home: Path, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_file, "is_remote", lambda path: True)
    first, [path] = start(home), entries(home)
    second = start(home)
    path.write_bytes(b"")  # a mapped file would take the process with it
    assert torch.equal(first.x, second.x)
    assert loader.calls == 1


@pytest.mark.parametrize("name", ["digits", "mnist"])
def test_training_has_the_same_bits_without_the_cache_when_it_is_filled_and_from_it(home: Path, name: str) -> None:
    write_idx_pair(home / "data" / "MNIST" / "raw")
    write_idx_pair(home / "data" / "MNIST" / "raw", names=TEST_NAMES)
    values = {"name": name, "train_size": 60, "label_noise": 0.2, "test_fraction": 0.2}
    spec = RunSpec.parse({"data": values, "model": {"name": "linear"}, "train": {"epochs": 2}})

    def weights() -> str:
        forget_images()
        [ended] = [event for event in train(spec) if isinstance(event, Ended)]
        return hashlib.sha256(b"".join(array.tobytes() for array in ended.weights().values())).hexdigest()

    (home / "cache").write_text("in the way")
    without = weights()
    (home / "cache").unlink()
    filled = weights()
    assert len(entries(home)) == (2 if name == "mnist" else 1)  # with the official test images
    assert without == filled == weights()


def test_official_test_images_have_an_entry_of_their_own(home: Path) -> None:
    write_idx_pair(home / "data" / "MNIST" / "raw", n=200)
    write_idx_pair(home / "data" / "MNIST" / "raw", n=40, names=TEST_NAMES)
    for _ in range(2):
        forget_images()
        test = load_test_images("mnist", home / "data")
        assert test is not None
        assert (len(test.y), len(load_images("mnist", home / "data").y)) == (40, 200)
    kept = sorted((entry.dataset, entry.part) for entry in image_cache.kept(home / "cache"))
    assert kept == [("mnist", "pool"), ("mnist", "test")]


def test_a_changed_source_is_decoded_anew(home: Path, loader: Loader) -> None:
    start(home)
    before = loader.file.stat()
    rewrite(loader.file, bytes(640))
    os.utime(loader.file, ns=(before.st_atime_ns, before.st_mtime_ns))  # as `cp --preserve` leaves it: same size, time
    assert start(home).x.sum() == 0
    assert loader.calls == 2


def test_what_the_entry_says_of_itself_is_part_of_the_key(
    home: Path, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(home)
    monkeypatch.setitem(DATASETS.entries, NAME, replace(DATASETS.get(NAME), size=10))
    start(home)
    assert loader.calls == 2


def test_other_code_decodes_anew(home: Path, loader: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    start(home)
    monkeypatch.setattr(image_cache, "_code", lambda: "another version")
    start(home)
    assert loader.calls == 2


def test_a_source_that_changes_while_it_is_decoded_is_not_kept(
    home: Path, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changing(folder: Path, progress: Progress) -> Images:
        images = loader(folder, progress)
        loader.file.write_bytes(bytes(641))
        return images

    monkeypatch.setitem(DATASETS.entries, NAME, replace(DATASETS.get(NAME), load=changing))
    assert start(home).x.sum() > 0
    assert entries(home) == []


def test_without_a_home_or_for_another_folder_nothing_is_kept(home: Path, loader: Loader, tmp_path: Path) -> None:
    load_images(NAME, tmp_path / "elsewhere")
    shutil.rmtree(home)
    Loader(loader.file)
    shutil.move(home / "data", tmp_path / "data")
    home.rmdir()
    loader.file = tmp_path / "data" / "pixels"
    start(home)
    assert loader.calls == 2
    assert not home.exists()


def damages(whole: bytes) -> st.SearchStrategy[bytes]:
    flipped = st.builds(
        lambda at, bit: whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :],
        st.integers(0, len(whole) - 1),
        st.integers(0, 7),
    )
    return flipped | st.integers(0, len(whole) - 1).map(lambda length: whole[:length]) | st.just(whole + b"\0")


def test_every_damage_is_noticed(tmp_path: Path) -> None:
    path, x = tmp_path / "file", np.arange(128, dtype=np.float32).reshape(2, 1, 8, 8)
    write_arrays(path, "key", (x, np.arange(2)))
    whole = path.read_bytes()
    read = read_arrays(path, "key")
    assert np.array_equal(read[0], x)
    assert read[1].tolist() == [0, 1]

    @given(damages(whole))
    @example(b"")
    @example(b"\0" * len(whole))
    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def check(damaged: bytes) -> None:
        path.write_bytes(damaged)
        with pytest.raises(DamagedFile):
            read_arrays(path, "key")

    check()
    path.write_bytes(whole)
    with pytest.raises(DamagedFile):
        read_arrays(path, "another key")


def test_a_damaged_entry_is_decoded_anew_with_one_line_and_mended(
    home: Path, loader: Loader, caplog: pytest.LogCaptureFixture
) -> None:
    start(home)
    [path] = entries(home)
    forget_images()
    path.write_bytes(path.read_bytes()[:-1])
    assert start(home).x[1, 0, 7, 7] == 63
    assert warnings(caplog) == [f"{path} is damaged; its images are decoded anew"]
    start(home)
    assert loader.calls == 2
    assert len(warnings(caplog)) == 1


def test_what_a_killed_process_left_is_not_read_and_goes_with_the_next_entry(home: Path, loader: Loader) -> None:
    cache = home / "cache"
    cache.mkdir()
    left = cache / f".{NAME}-pool-{'0' * 32}.images.0a1b2c3d.tmp"
    left.write_bytes(b"half")
    start(home)
    assert sorted(path.name for path in cache.iterdir()) == [f".{NAME}-pool.lock", entries(home)[0].name]
    assert loader.calls == 1


@needs_full_disk
def test_a_full_disk_is_told_once_and_training_goes_on(
    home: Path, loader: Loader, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(atomic, "write", write_to_a_full_disk)
    assert len(start(home).y) == 10
    reason = os.strerror(errno.ENOSPC)
    assert warnings(caplog) == [f"Decoded images of {NAME} are not kept in {home / 'cache'}: {reason}"]
    assert (loader.calls, entries(home)) == (1, [])


def test_the_last_of_the_disk_is_left_to_runs(
    home: Path, loader: Loader, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(image_cache, "SPARE_BYTES", shutil.disk_usage(home).total)
    start(home)
    assert (loader.calls, entries(home), warnings(caplog)) == (1, [], [])
    assert caplog.messages[0].endswith("MiB would stay free on the disk")


def test_a_home_that_may_only_be_read_works_without_a_warning(
    home: Path, loader: Loader, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as read_only:
        read_only.setattr(Path, "mkdir", refuse)
        start(home)
    assert [(record.levelno, record.args) for record in caplog.records] == [
        (logging.INFO, (NAME, home / "cache", os.strerror(errno.EROFS)))
    ]
    start(home)
    monkeypatch.setattr(os, "utime", refuse)
    start(home)  # what is there is read
    assert loader.calls == 2


def test_beyond_the_limit_the_longest_unused_goes_first(
    home: Path, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(number: int) -> None:
        rewrite(loader.file, bytes([number]) * 640)
        start(home)

    version(1)
    [first] = entries(home)
    monkeypatch.setattr(image_cache, "LIMIT_BYTES", int(2.5 * first.stat().st_size))
    version(2)
    [second] = set(entries(home)) - {first}
    for used, path in ((20, first), (10, second)):
        os.utime(path, (used, used))
    version(3)
    assert first in entries(home)
    assert second not in entries(home)
    assert len(entries(home)) == 2


def test_using_an_entry_makes_it_the_last_to_go(home: Path, loader: Loader) -> None:
    start(home)
    [path] = entries(home)
    os.utime(path, (10, 10))
    start(home)
    assert path.stat().st_mtime > 10
    assert loader.calls == 1


def test_images_larger_than_the_whole_cache_displace_nothing(
    home: Path, loader: Loader, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    start(home)
    before = entries(home)
    monkeypatch.setattr(image_cache, "LIMIT_BYTES", 100)
    rewrite(loader.file, bytes(640))
    assert start(home).x.sum() == 0
    assert entries(home) == before
    assert "larger than" in caplog.messages[0]


def test_while_one_process_decodes_others_wait_and_map_what_it_wrote(tmp_path: Path) -> None:
    """Each call has a lock of its own on the same file, as two processes have."""
    source, decoding, waiting, go_on = tmp_path / "source", threading.Event(), threading.Event(), threading.Event()
    source.touch()
    slot = image_cache.slot_for(tmp_path, "one", "pool", [source], ())

    def decode() -> Arrays:
        decoding.set()
        assert go_on.wait(PATIENCE)
        return np.ones((1, 1, 2, 2), np.uint8), np.zeros(1, np.int64)

    def never() -> Arrays:
        raise AssertionError("decoded twice")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(image_cache.shared, slot, decode, lambda: None)
        assert decoding.wait(PATIENCE)
        second = pool.submit(image_cache.shared, slot, never, waiting.set)
        assert waiting.wait(PATIENCE)
        go_on.set()
        assert np.array_equal(first.result(30)[0], second.result(30)[0])


def test_a_process_that_waits_for_too_long_decodes_for_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(image_cache, "WAIT_S", 0.0)
    slot = image_cache.slot_for(tmp_path, "one", "pool", [], ())
    arrays = np.ones((1, 1, 2, 2), np.uint8), np.zeros(1, np.int64)
    with image_cache._alone(slot, lambda: None) as held:
        assert held
        assert image_cache.shared(slot, lambda: arrays, lambda: None)[0] is arrays[0]
    assert len(warnings(caplog)) == 1
    assert image_cache.kept(tmp_path) == []


def test_clearing_removes_entries_and_nothing_else_and_leaves_images_in_use(home: Path, loader: Loader) -> None:
    images = start(home)
    strangers = ["plans.json", "notes.images", f"{NAME}-pool-{'0' * 31}.images"]
    for name in strangers:
        (home / "cache" / name).write_text("kept")
    [gone] = image_cache.clear(home / "cache")
    assert (gone.dataset, gone.part, gone.path.exists()) == (NAME, "pool", False)
    assert sorted(path.name for path in (home / "cache").iterdir()) == sorted([f".{NAME}-pool.lock", *strangers])
    assert images.x[9, 0, 7, 7] == 63
    assert loader.file.exists()
    assert image_cache.clear(home / "none") == []


def test_another_process_looks_in_the_same_place(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.touch()
    code = (
        "import sys; from pathlib import Path; from reglab.datasets.image_cache import slot_for\n"
        "print(slot_for(Path(sys.argv[1]), 'one', 'pool', [Path(sys.argv[2])], ((1, 8, 8), 10)).path)"
    )
    command = [sys.executable, "-c", code, str(tmp_path), str(source)]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert found == str(image_cache.slot_for(tmp_path, "one", "pool", [source], ((1, 8, 8), 10)).path)
