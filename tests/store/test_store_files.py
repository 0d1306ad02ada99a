"""Checkpoints in two generations and weights in files, written so that nothing is ever half there."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.real_errors import needs_full_disk, write_to_a_full_disk

from reglab import atomic
from reglab.errors import CheckpointError, StoreError
from reglab.events import Checkpoint
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.store import RunFiles, open_store
from reglab.store.files import BEST, INITIAL, NEWEST, PREVIOUS

RUN = "abc0123456"


def checkpoint(epoch: int, size: int = 100) -> Checkpoint:
    return Checkpoint({"w": np.full(size, epoch, dtype=np.float32)}, {"epoch": epoch})


def epoch_of(files: RunFiles) -> int:
    loaded = files.load_checkpoint()
    assert loaded is not None
    assert set(loaded.arrays["w"]) == {loaded.facts["epoch"]}
    return int(loaded.facts["epoch"])


def names(files: RunFiles) -> set[str]:
    return {path.name for path in files.folder.iterdir()}


@pytest.fixture
def files(tmp_path: Path) -> RunFiles:
    return RunFiles(tmp_path, RUN)


def test_nothing_is_there_at_first(files: RunFiles) -> None:
    assert (files.load_checkpoint(), files.has_checkpoint, files.size) == (None, False, 0)
    assert not files.folder.exists()


def test_the_newest_two_checkpoints_are_kept(files: RunFiles) -> None:
    for epoch in (1, 2, 3):
        files.save_checkpoint(checkpoint(epoch))
        assert epoch_of(files) == epoch
    assert names(files) == {NEWEST, PREVIOUS}
    (files.folder / NEWEST).unlink()
    assert epoch_of(files) == 2
    assert files.has_checkpoint


@settings(max_examples=60)
@given(st.floats(0, 1, exclude_max=True), st.booleans())
@example(0.0, True)
def test_a_damaged_checkpoint_gives_way_to_the_one_before(share: float, cut: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = RunFiles(Path(folder), RUN)
        files.save_checkpoint(checkpoint(1))
        files.save_checkpoint(checkpoint(2))
        path = files.folder / NEWEST
        data = bytearray(path.read_bytes())
        place = int(share * len(data))
        data[place] ^= 0x10
        path.write_bytes(data[:place] if cut else data)
        assert epoch_of(files) == 1
        files.save_checkpoint(checkpoint(3))
        assert epoch_of(files) == 3


def test_a_checkpoint_without_weights_comes_back_with_those_of_their_file(files: RunFiles) -> None:
    files.save_checkpoint(checkpoint(1))
    place = files.save_weights({"w": np.arange(3.0)}, INITIAL)
    state = Checkpoint({"model/w": np.arange(3.0), "step": np.array(2)}, {"epoch": 2})
    files.save_checkpoint(state, {"model/": place})
    loaded = files.load_checkpoint()
    assert loaded is not None
    assert loaded.facts == state.facts
    assert {name: array.tolist() for name, array in loaded.arrays.items()} == {"model/w": [0, 1, 2], "step": 2}
    assert b"model/w" not in (files.folder / NEWEST).read_bytes()
    assert not files.is_end
    files.save_weights({"w": np.ones(3)}, INITIAL)  # others than those that the checkpoint goes with
    assert epoch_of(files) == 1


def test_weights_whose_hash_is_known_are_not_read_for_the_end(files: RunFiles) -> None:
    path, sha256 = files.save_weights({"w": np.ones(3)})
    end = Checkpoint({"model/w": np.ones(3), "best/w": np.zeros(3)}, {"epoch": 2})
    files.save_weights({"w": np.zeros(3)}, BEST)
    files.save_end(end, {"": files}, {path: sha256})
    loaded = files.load_checkpoint()
    assert loaded is not None
    assert files.is_end
    assert {name: array.tolist() for name, array in loaded.arrays.items()} == {"model/w": [1] * 3, "best/w": [0] * 3}
    files.save_end(end, {"": files}, {path: "0" * 64})
    with pytest.raises(CheckpointError, match="is damaged"):
        files.load_checkpoint()


def test_two_damaged_checkpoints_are_a_sentence(files: RunFiles) -> None:
    for epoch in (1, 2):
        files.save_checkpoint(checkpoint(epoch))
    for name in (NEWEST, PREVIOUS):
        (files.folder / name).write_bytes(b"garbage")
    with pytest.raises(CheckpointError, match=r"^Every checkpoint in .* is damaged; .*\.$"):
        files.load_checkpoint()


def test_a_run_whose_folder_is_in_the_way(files: RunFiles) -> None:
    files.folder.write_text("a file")
    with pytest.raises(StoreError, match=r"cannot be used: .*\.$"):
        files.save_checkpoint(checkpoint(1))
    with pytest.raises(StoreError, match=r"cannot be used: .*\.$"):
        files.load_checkpoint()


def fail_write(after: int) -> Callable[..., int]:
    """An os.write that writes ``after`` bytes in all, a few at a time, and then finds the disk full."""
    real, left = os.write, after

    def write(descriptor: int, data: Any) -> int:
        nonlocal left
        if not left:
            write_to_a_full_disk()
        done = real(descriptor, bytes(data)[: min(left, 64)])
        left -= done
        return done

    return write


@needs_full_disk
@pytest.mark.parametrize("after", [0, 100, 300])
def test_a_disk_that_fills_up_while_writing_loses_nothing(
    files: RunFiles, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    files.save_checkpoint(checkpoint(1))
    files.save_checkpoint(checkpoint(2))
    before = {path.name: path.read_bytes() for path in files.folder.iterdir()}
    monkeypatch.setattr(os, "write", fail_write(after))
    for save in (lambda: files.save_checkpoint(checkpoint(3)), lambda: files.save_weights({"w": np.ones(999)})):
        with pytest.raises(StoreError, match=r"^The disk is full: .* was not written; free some space in .*\.$"):
            save()
    assert {path.name: path.read_bytes() for path in files.folder.iterdir()} == before


@needs_full_disk
@pytest.mark.parametrize("call", ["fsync", "open"])
def test_a_disk_that_refuses_loses_nothing(files: RunFiles, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    files.save_checkpoint(checkpoint(1))
    monkeypatch.setattr(os, call, write_to_a_full_disk)
    with pytest.raises(StoreError, match="The disk is full"):
        files.save_checkpoint(checkpoint(2))
    monkeypatch.undo()
    assert names(files) == {NEWEST}
    assert epoch_of(files) == 1


def test_a_power_cut_between_the_two_renames_loses_nothing(files: RunFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    files.save_checkpoint(checkpoint(1))
    real = Path.replace

    def replace_once(path: Path, target: Path) -> Path:
        if target.name == NEWEST:
            raise KeyboardInterrupt
        return real(path, target)

    monkeypatch.setattr(Path, "replace", replace_once)
    with pytest.raises(KeyboardInterrupt):
        files.save_checkpoint(checkpoint(2))
    monkeypatch.undo()
    assert epoch_of(files) == 1
    files.save_checkpoint(checkpoint(3))
    files.save_checkpoint(checkpoint(4))
    assert (epoch_of(files), names(files)) == (4, {NEWEST, PREVIOUS})


def test_data_are_on_disk_before_the_rename_and_the_rename_before_the_end(
    files: RunFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    sync, rename = os.fsync, Path.replace

    def noted_sync(descriptor: int) -> None:
        calls.append("sync")
        sync(descriptor)

    def noted_rename(path: Path, target: Path) -> Path:
        calls.append(f"to {target.name}")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "replace", noted_rename)
    files.save_checkpoint(checkpoint(1))
    files.save_checkpoint(checkpoint(2))
    assert calls == ["sync", f"to {NEWEST}", "sync", "sync", f"to {PREVIOUS}", f"to {NEWEST}", "sync"]


def files_in_use(monkeypatch: pytest.MonkeyPatch, times: int) -> list[None]:
    """Let Path.replace fail as on Windows while others have the target open; an item for each failure to come."""
    left: list[None] = [None] * times
    replace_file = Path.replace

    def replace_unless_open(source: Path, target: Path) -> Path:
        if left and target.exists():
            left.pop()
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
        return replace_file(source, target)

    monkeypatch.setattr(Path, "replace", replace_unless_open)
    return left


@pytest.fixture
def on_windows(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Windows as far as writing files goes: folders cannot be opened, and fsync needs a descriptor that may write."""
    opened, sync = os.open, os.fsync

    def open_file(path: Path | str, *flags: Any, **more: Any) -> int:
        if isinstance(path, Path) and path.is_dir():
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return opened(path, *flags, **more)

    def fsync(descriptor: int) -> None:
        os.write(descriptor, b"")  # fails with EBADF, as fsync does there
        sync(descriptor)

    monkeypatch.setattr(atomic, "_WINDOWS", True)
    monkeypatch.setattr(os, "open", open_file)
    monkeypatch.setattr(os, "fsync", fsync)
    return monkeypatch


def test_on_windows_a_rename_waits_until_the_file_is_closed(files: RunFiles, on_windows: pytest.MonkeyPatch) -> None:
    files.save_checkpoint(checkpoint(1))
    files.save_checkpoint(checkpoint(2))
    in_use = files_in_use(on_windows, times=3)
    files.save_checkpoint(checkpoint(3))
    assert (epoch_of(files), names(files), in_use) == (3, {NEWEST, PREVIOUS}, [])


def test_on_windows_a_file_that_stays_open_is_an_error_and_loses_nothing(
    files: RunFiles, on_windows: pytest.MonkeyPatch
) -> None:
    files.save_checkpoint(checkpoint(1))
    on_windows.setattr(atomic, "_PATIENCE", 0.0)
    files.save_weights({"w": np.ones(3)})
    files_in_use(on_windows, times=99)
    with pytest.raises(StoreError, match="may not be written by this user"):
        files.save_weights({"w": np.zeros(3)})
    assert names(files) == {NEWEST, "weights.safetensors"}


@pytest.mark.usefixtures("on_windows")
def test_on_windows_what_was_committed_can_be_flushed(settings: Settings) -> None:
    with open_store(settings) as store:
        store.create(RunSpec())
        store._database.flush()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 1 MiB, where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_really_full(settings_on: Settings) -> None:
    with open_store(settings_on) as store:
        run = store.create(RunSpec(), owner=store.owner())
        files = store.files(run.id)
        files.save_checkpoint(checkpoint(1))
        with pytest.raises(StoreError, match="The disk is full"):
            files.save_checkpoint(checkpoint(2, size=300_000))
        assert (epoch_of(files), names(files)) == (1, {NEWEST})
        (settings_on.home / "ballast").write_bytes(bytes(free_bytes(settings_on.home)))
        with pytest.raises(StoreError, match=r"the disk is full; free some space and try again\.$"):
            store.set_note(run.id, "x" * 20_000)
        (settings_on.home / "ballast").unlink()
        assert store.get(run.id) == replace(run, has_checkpoint=True)
        store.set_note(run.id, "x" * 20_000)


@pytest.fixture
def settings_on(small_disk: Path, settings: Settings) -> Settings:
    """Settings whose home is on the small disk."""
    return replace(settings, home=small_disk, store=f"sqlite:///{small_disk / 'reglab.sqlite'}")


def free_bytes(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def test_weights_have_a_path_and_a_hash(files: RunFiles) -> None:
    weights = {"conv.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "bias": np.full(1, 1.5, dtype=np.float32)}
    path, sha256 = files.save_weights(weights)
    assert path == f"{RUN}/weights.safetensors"
    assert sha256 == hashlib.sha256((files.home / path).read_bytes()).hexdigest()
    loaded = files.load_weights(path)
    assert loaded.keys() == weights.keys()
    assert all(np.array_equal(loaded[name], weights[name]) for name in weights)
    assert files.size == (files.home / path).stat().st_size
    other = RunFiles(files.home, "another")
    assert other.save_weights(weights, "initial") == ("another/initial.safetensors", sha256)


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a.b", "x" * 65])
def test_names_that_could_leave_the_folder_are_refused(files: RunFiles, name: str) -> None:
    with pytest.raises(StoreError, match="cannot name a file of weights"):
        files.save_weights({}, name)
    with pytest.raises(StoreError, match="is not a run id"):
        RunFiles(files.home, name)


def test_weights_that_cannot_be_read(files: RunFiles, tmp_path: Path) -> None:
    (tmp_path / "pickle.safetensors").write_bytes(b"\x80\x04N.")
    for path, sentence in [
        ("nothing.safetensors", "are missing"),
        ("pickle.safetensors", "cannot be read: This is not a whole safetensors file."),
        ("../outside.safetensors", "is outside the folder of the runs"),
        ("/etc/passwd", "is outside the folder of the runs"),
    ]:
        with pytest.raises(CheckpointError, match=sentence):
            files.load_weights(path)


def test_linked_weights_are_one_file(files: RunFiles) -> None:
    path, sha256 = files.save_weights({"w": np.ones(3)}, "initial")
    other = RunFiles(files.home, "another")
    for _ in range(2):
        assert other.link_weights(path, "initial") == "another/initial.safetensors"
    assert (other.folder / "initial.safetensors").samefile(files.home / path)
    assert names(other) == {"initial.safetensors"}
    assert other.save_weights({"w": np.zeros(3)}, "initial")[1] != sha256
    assert files.load_weights(path)["w"].tolist() == [1, 1, 1]


def test_weights_are_copied_where_there_are_no_links(files: RunFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link
    path, _ = files.save_weights({"w": np.ones(3)})
    monkeypatch.setattr(os, "link", lambda _, target: link(files.folder, target))  # no system links folders
    other = RunFiles(files.home, "another")
    copy = other.folder.parent / other.link_weights(path)
    assert not copy.samefile(files.home / path)
    assert copy.read_bytes() == (files.home / path).read_bytes()


def test_weights_that_cannot_be_linked(files: RunFiles) -> None:
    files.save_weights({})
    with pytest.raises(StoreError, match=r"cannot be used: .*\.$"):
        files.link_weights("nothing.safetensors", "initial")
    with pytest.raises(CheckpointError, match="is outside the folder of the runs"):
        files.link_weights("../outside.safetensors")
    with pytest.raises(StoreError, match="cannot name a file of weights"):
        files.link_weights(f"{RUN}/weights.safetensors", "../x")
    assert names(files) == {"weights.safetensors"}


def test_the_parts_of_a_sweep_have_folders_of_their_own(tmp_path: Path) -> None:
    parts = [RunFiles(tmp_path, "s123456789", part=i) for i in range(2)]
    for epoch, part in enumerate(parts, start=1):
        part.save_checkpoint(checkpoint(epoch))
    assert [epoch_of(part) for part in parts] == [1, 2]
    assert parts[1].folder == tmp_path / "s123456789" / "1"


def test_one_array_of_a_file_is_read_without_the_others(files: RunFiles) -> None:
    arrays: dict[str, Any] = {"conv1.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "fc.weight": np.ones(4)}
    path, _ = files.save_weights(arrays)
    found = files.load_array(path, "conv1.weight")
    assert found is not None
    assert (found.dtype.name, found.tolist()) == ("float32", arrays["conv1.weight"].tolist())
    assert files.load_array(path, "bn.weight") is None
    with pytest.raises(CheckpointError, match="missing"):
        files.load_array(f"{RUN}/best.safetensors", "conv1.weight")
    for damaged in (b"", b"\xff" * 100, (files.home / path).read_bytes()[:-3]):
        (files.home / path).write_bytes(damaged)
        with pytest.raises(CheckpointError, match="cannot be read"):
            files.load_array(path, "conv1.weight")
