"""Kill −9 in the middle of writes: the store opens, is whole, and has lost at most the write under way."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

from sqlalchemy import make_url
from tests.factories import layer_stats
from tests.store.children import child, write

from reglab import columns
from reglab.settings import Settings
from reglab.store import Store, open_store

KILLS = {"sqlite": 20, "postgresql": 3}


def write_until_killed(settings: Settings, words: int) -> list[str | int]:
    """What a writing process said, ``words`` words and more, before it was killed at some moment after."""
    with child(write, settings) as writer:
        return [*(writer.heard() for _ in range(words)), *writer.kill()]


def check_run(store: Store, run_id: str) -> None:
    """Epochs without gaps, counted right, each with its layers, and a checkpoint at most one epoch older."""
    run, layers = store.get(run_id), store.layers([run_id])
    done = list(range(1, run.epoch + 1))
    assert list(store.epochs([run_id])[columns.EPOCH]) == done
    assert set(layers.groupby(columns.EPOCH).size()) <= {len(layer_stats(0))}
    assert set(done) <= set(layers[columns.EPOCH]) <= {0, *done}
    checkpoint = store.files(run_id).load_checkpoint()
    epoch = int(checkpoint.facts["epoch"]) if checkpoint else 0
    assert epoch in {run.epoch, run.epoch - 1}
    assert not checkpoint or set(checkpoint.arrays["w"]) == {epoch}
    assert run.state == "finished" or not list(store.files(run_id).folder.glob(".*"))


def test_the_store_is_whole_after_every_kill(any_settings: Settings) -> None:
    moments = random.Random(0)
    for _ in range(KILLS[make_url(any_settings.store).get_backend_name()]):
        said = write_until_killed(any_settings, moments.randrange(1, 25))
        last = next(word for word in reversed(said) if isinstance(word, str))
        epochs_text = len(said) - 1 - said.index(last)
        with open_store(any_settings) as store:
            active = [run.id for run in store.runs(states=["running"])]
            assert store.recover() == active
            assert {run.id for run in store.runs(states=["interrupted"])} >= set(active)
            assert store.get(last).epoch in {epochs_text, epochs_text + 1}
            for run_id in {last, *active}:
                check_run(store, run_id)
        integrity(any_settings.home / "reglab.sqlite")


def integrity(path: Path) -> None:
    """SQLite's own checks find nothing, where there is an SQLite file."""
    if not path.exists():
        return
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        connection.close()
