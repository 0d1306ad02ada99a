"""Packed epochs of ended runs: the frame that the rows give, whatever is packed; rows where a file does not count."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from tests.factories import add_run, metrics, spec

from reglab import columns
from reglab.events import EpochMetrics
from reglab.settings import Settings
from reglab.store import Run, Store, derived, epoch_files, frames, open_store
from reglab.store.epoch_files import NAME


def with_folder(store: Store, run: Run) -> Run:
    (store.home / run.id).mkdir()
    return run


def from_rows(store: Store, ids: list[str], since: int = 0) -> pd.DataFrame:
    with store._database.read() as connection:
        return frames.epoch_frame(connection, ids, since)


def lasso(epoch: int) -> EpochMetrics:
    """An epoch with a penalty term that has no column of its own, 0 from its second epoch on."""
    plain = metrics(epoch, val_loss=float("nan" if epoch == 2 else "inf"))
    plain.penalties["group"] = 0.25 if epoch == 1 else 0.0  # type: ignore[index]
    return plain


@pytest.fixture
def runs(store: Store) -> list[Run]:
    """Ended runs of 3 (with a further penalty term), 1 and 5 epochs; one trains, one has no folder, one waits."""
    grouped = add_run(store, spec(penalty__group=0.1), epochs=[lasso(epoch) for epoch in (1, 2, 3)])
    ended = [grouped, add_run(store, epochs=1, state="failed"), add_run(store, epochs=5)]
    training = add_run(store, state="running", epochs=2)
    return [*(with_folder(store, run) for run in (*ended, training)), add_run(store), add_run(store, state="queued")]


@pytest.mark.parametrize("since", [0, 1, 4, 9])
@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1), slice(1, 3), slice(0, 1), slice(0, 0)])
def test_packed_or_not_the_frame_is_that_of_the_rows(store: Store, runs: list[Run], order: slice, since: int) -> None:
    ids = [run.id for run in runs][order]
    for _ in range(2):  # from the rows, then from the files
        pd.testing.assert_frame_equal(store.epochs(ids, since=since), from_rows(store, ids, since), check_exact=True)
        for run in ids[::2]:  # some of them packed
            store.epochs([run])
            pd.testing.assert_frame_equal(store.epochs(ids, since=since), from_rows(store, ids, since))
    packed = [run.id for run in runs if (store.home / run.id / NAME).is_file()]
    assert set(packed) <= {run.id for run in runs[:3]}
    assert (len(packed) > 0) == (len(ids) > 0)


def test_of_packed_runs_no_row_is_read(store: Store, runs: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [run.id for run in runs[:3]]
    expected = store.epochs(ids)
    monkeypatch.setattr(epoch_files, "epoch_frame", None)
    pd.testing.assert_frame_equal(store.epochs(ids), expected)


def test_a_run_that_went_on_is_read_anew(store: Store) -> None:
    run = with_folder(store, add_run(store, epochs=2, state="interrupted"))
    assert len(store.epochs([run.id])) == 2
    with store._database.write() as connection:
        connection.exec_driver_sql("UPDATE runs SET ended = '2030-01-01 00:00:00'")
        connection.exec_driver_sql("UPDATE epochs SET val_loss = 7.0 WHERE epoch = 2")
    assert store.epochs([run.id])[columns.VAL_LOSS].tolist()[1] == 7.0


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:10],
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: bytes(len(data)),
        lambda data: data[:60] + b"\xff" + data[61:],
    ],
)
def test_a_damaged_file_does_not_count_and_is_written_again(
    store: Store, runs: list[Run], damage: Callable[[bytes], bytes]
) -> None:
    ids = [run.id for run in runs[:3]]
    expected = store.epochs(ids)
    path: Path = store.home / ids[0] / NAME
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    pd.testing.assert_frame_equal(store.epochs(ids), expected)
    assert path.read_bytes() == whole


def test_where_it_cannot_be_written_rows_are_read(store: Store, runs: list[Run]) -> None:
    path = store.home / runs[2].id / NAME
    path.mkdir()
    for _ in range(2):
        assert len(store.epochs([runs[2].id])) == 5
    assert [one.name for one in path.parent.iterdir()] == [NAME]


def test_where_nothing_may_be_written_nothing_is_packed_or_kept(
    store: Store, settings: Settings, runs: list[Run]
) -> None:
    ids = [run.id for run in runs]
    expected = from_rows(store, ids)
    store.close()
    with open_store(replace(settings, read_only=True)) as barred:
        pd.testing.assert_frame_equal(barred.epochs(ids), expected)
        derived.write(barred.files(ids[0]), "noise-last", [], {})
        assert not list((barred.home / ids[0]).iterdir())


@pytest.mark.parametrize("header", [{}, [], {"key": 1, "columns": []}, {"key": 1, "columns": ["epoch"] * 3}, 7])
def test_a_whole_file_of_another_program_does_not_count(tmp_path: Path, header: object) -> None:
    body = json.dumps(header).encode()
    rest = len(body).to_bytes(4, "little") + body + bytes(80)
    path = tmp_path / NAME
    path.write_bytes(b"RegLabE1" + zlib.crc32(rest).to_bytes(4, "little") + rest)
    assert epoch_files.read(path, ["run", "finished", 10, "then"]) is None
