"""The files of runs at an fsspec URL: what one machine writes another one reads, whole, and never an older copy."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from tests.jobs.running import SMALL, assert_same_figures, figures, settings_in, work
from tests.patience import PATIENCE

from reglab.errors import CheckpointError, StoreError, StoreUnavailable
from reglab.events import Checkpoint
from reglab.settings import Settings, load_settings
from reglab.store import RunFiles, Store, locks, open_store, remote_files
from reglab.store.files import NEWEST, part_folders, sweep_has_checkpoint
from reglab.store.garbage import remove_files
from reglab.store.remote_files import (
    RemoteFiles,
    files_in,
    mark_copy,
    place_beacon,
    remove_beacon,
    unseen,
    without_secrets,
)


@pytest.fixture(params=["file", "memory"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A place that both machines reach: a folder, and fsspec's own system, which has no renames."""
    if request.param == "file":
        yield f"file://{tmp_path}/there"
        return
    yield "memory://there"
    fsspec.filesystem("memory").store.clear()


@pytest.fixture
def machines(tmp_path: Path, url: str) -> list[Path]:
    """Folders with the copies of two machines."""
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        mark_copy(folder, url)
    return folders


def state(epoch: int) -> Checkpoint:
    return Checkpoint({"model/w": np.full(3, float(epoch))}, {"epoch": epoch})


def epoch_of(files: RunFiles) -> int | None:
    checkpoint = files.load_checkpoint()
    return None if checkpoint is None else int(checkpoint.facts["epoch"])


def test_another_machine_goes_on_from_the_newest_checkpoint(machines: list[Path]) -> None:
    one, two = (RunFiles(folder, "run") for folder in machines)
    assert epoch_of(one) is None
    one.save_checkpoint(state(1))
    assert (two.has_checkpoint, epoch_of(two)) == (True, 1)
    two.save_checkpoint(state(2))
    assert [epoch_of(one), epoch_of(two)] == [2, 2]  # the first machine's own copy is older
    (two.folder / NEWEST).write_bytes(b"torn")
    assert epoch_of(RunFiles(machines[0], "run")) == 2


def test_both_generations_are_kept_there(machines: list[Path]) -> None:
    one, two = (RunFiles(folder, "run", part=3) for folder in machines)
    for epoch in (1, 2, 3):
        one.save_checkpoint(state(epoch))
    place = files_in(machines[1])
    assert epoch_of(two) == 3
    place.remove(two.folder / NEWEST)
    assert epoch_of(two) == 2
    assert [path.name for path in part_folders(machines[1], "run")] == ["3"]
    assert sweep_has_checkpoint(machines[1], "run")
    one.drop_checkpoints()
    assert (epoch_of(two), two.has_checkpoint) == (None, False)


def test_a_second_generation_can_go(machines: list[Path]) -> None:
    one, two = (RunFiles(folder, "run") for folder in machines)
    one.save_checkpoint(state(1))
    assert one.second_checkpoint == 0
    one.save_checkpoint(state(2))
    size = two.second_checkpoint
    assert size > 0
    assert two.drop_second_checkpoint() == size
    assert (one.second_checkpoint, epoch_of(one)) == (0, 2)


def test_weights_and_their_links_are_read_elsewhere(machines: list[Path]) -> None:
    one, two = (RunFiles(folder, "run") for folder in machines)
    arrays = {"w": np.arange(4, dtype=np.float32)}
    path, _ = one.save_weights(arrays)
    one.link_weights(path, "best")
    assert two.has("best")
    assert two.load_weights(path)["w"].tolist() == [0, 1, 2, 3]
    assert two.load_weights("run/best.safetensors")["w"].tolist() == [0, 1, 2, 3]
    assert two.find(path).is_relative_to(machines[1])
    with pytest.raises(CheckpointError, match=r"run/none\.safetensors are missing"):
        two.find("run/none.safetensors")


def test_a_copy_is_fetched_once_and_again_when_it_is_older(
    machines: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (RunFiles(folder, "run") for folder in machines)
    read = list[str]()
    system: Any = two.place._system  # type: ignore[attr-defined]
    cat = system.cat_file

    def noting(path: str) -> bytes:
        read.append(path)
        return bytes(cat(path))

    monkeypatch.setattr(system, "cat_file", noting)
    path, _ = one.save_weights({"w": np.zeros(2)})
    for _ in range(3):
        assert two.load_weights(path)["w"].tolist() == [0, 0]
    assert len(read) == 1
    one.save_weights({"w": np.ones(2)})
    assert two.load_weights(path)["w"].tolist() == [1, 1]
    assert len(read) == 2


def test_files_of_a_run_removed_for_good_are_gone_everywhere(machines: list[Path], url: str) -> None:
    one, two = (RunFiles(folder, "run") for folder in machines)
    path, _ = one.save_weights({"w": np.zeros(2)})
    two.load_weights(path)
    assert remove_files(machines[0], "run")
    with pytest.raises(CheckpointError, match="are missing"):
        two.load_weights(path)


def test_a_beacon_shows_who_sees_the_files(machines: list[Path], url: str, tmp_path: Path) -> None:
    for place in (url, None):
        beacon = place_beacon(machines[0], place)
        assert unseen(beacon, place) is None
        remove_beacon(beacon, place)
        assert (unseen(beacon, place) or "").startswith("does not see the files of runs in ")


def test_a_place_that_is_away_is_one_sentence_and_may_come_back(
    machines: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = RunFiles(machines[0], "run")

    def refuse(*_: object, **__: object) -> None:
        raise ConnectionResetError("reset by peer")

    with monkeypatch.context() as patch:
        patch.setattr(one.place._system, "pipe_file", refuse)  # type: ignore[attr-defined]
        with pytest.raises(StoreUnavailable, match=r"cannot be reached \(ConnectionResetError: reset by peer\)\.$"):
            one.save_checkpoint(state(1))
    one.save_checkpoint(state(1))
    assert epoch_of(RunFiles(machines[1], "run")) == 1


def test_a_url_without_its_driver_names_the_package(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"REGLAB_FILES=s3://bucket/runs needs a package .*s3fs"):
        mark_copy(tmp_path, "s3://bucket/runs")


def test_a_run_trains_with_its_files_at_a_url(tmp_path: Path, store: Store, settings: Settings, url: str) -> None:
    """… to the bits it has in the home; another copy of the place then has everything."""
    expected = figures(store, work(store, replace(settings, threads=1)))
    there = settings_in(tmp_path / "there", REGLAB_FILES=url)
    with open_store(there) as opened:
        run = work(opened, there, SMALL)
        assert run.state == "finished"
        assert_same_figures(opened, run, expected)
        assert opened.missing(run) is None
        scores = opened.val_scores([run.id])[run.id]
    other = tmp_path / "other"
    other.mkdir()
    mark_copy(other, url)
    files = RunFiles(other, run.id)
    again = files.load_scores(run.epoch)
    assert again is not None
    assert np.array_equal(again.log_prob, scores.log_prob)
    assert run.weights_path is not None
    assert files.load_weights(run.weights_path).keys() == opened.files(run.id).load_weights(run.weights_path).keys()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("ftp://bob:s3cret@host/x", "ftp://host/x"),
        ("ftp://bob:s3@cret@host/x?token=abc", "ftp://host/x"),
        ("s3://bucket/prefix", "s3://bucket/prefix"),
        ("/shared/runs", "/shared/runs"),
    ],
)
def test_sentences_name_a_url_without_its_secrets(url: str, shown: str) -> None:
    assert without_secrets(url) == shown


def test_a_url_that_cannot_be_reached_does_not_give_its_password_away(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as refused:
        RemoteFiles(tmp_path, "nosuchprotocol://bob:s3cret@host/x?key=abc")
    assert "nosuchprotocol://host/x" in str(refused.value)
    assert "s3cret" not in str(refused.value)
    assert "abc" not in str(refused.value)


def test_a_home_whose_files_lie_elsewhere_is_not_backed_up_by_half(tmp_path: Path) -> None:
    settings = load_settings({"REGLAB_HOME": str(tmp_path / "home"), "REGLAB_FILES": f"file://{tmp_path}/there"})
    with open_store(settings) as store, pytest.raises(StoreError, match="back them up there"):
        store.back_up(tmp_path / "copy")


def test_a_file_that_is_being_sent_is_neither_removed_nor_fetched_over(
    machines: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that reads the file while a worker of its machine sends it gets it once it is there."""
    worker, page = (RunFiles(machines[0], "run") for _ in range(2))
    system: Any = worker.place._system  # type: ignore[attr-defined]
    makedirs, wait = system.makedirs, locks.acquire
    comes, found = threading.Event(), list[float]()

    def look() -> None:
        found.append(float(page.load_weights("run/weights.safetensors")["w"][0]))

    def noting(lock: Any, timeout: float) -> None:
        if threading.current_thread() is not threading.main_thread():
            comes.set()
        wait(lock, timeout)

    reader = threading.Thread(target=look)

    def sending(*given: Any, **named: Any) -> None:
        if not reader.ident:
            reader.start()
            assert comes.wait(PATIENCE)
        makedirs(*given, **named)

    monkeypatch.setattr(remote_files, "acquire", noting)
    monkeypatch.setattr(system, "makedirs", sending)
    worker.save_weights({"w": np.full(2, 7.0)})
    reader.join()
    assert found == [7.0]
    assert RunFiles(machines[1], "run").load_weights("run/weights.safetensors")["w"].tolist() == [7.0, 7.0]
