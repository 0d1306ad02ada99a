"""Timings of earlier sweeps in the home: known shapes are not timed again, damaged files are written anew."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.jobs.sweeping import RUN, SMALL

from reglab.jobs import timing_file
from reglab.jobs.sweep_plan import make_plan
from reglab.jobs.timing_file import NAME, TimingFile
from reglab.settings import Settings
from reglab.training import Timings, autotune
from reglab.training.autotune import Times
from reglab.training.shape_key import shape_key

FACTS = Timings(Times(2.0, 0.25), Times(1.0, 0.125), 1e-7).facts()
ALONE = Timings(Times(1 / 3, 0.1), reason="Softsign is not a layer that can be fused").facts()


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of lanes of each timing, which takes no time."""
    asked: list[int] = []

    def timed(specs: Any, *_where: Any) -> Timings:
        asked.append(len(specs))
        return Timings.of(FACTS)

    monkeypatch.setattr(autotune, "_timed", timed)
    return asked


def test_a_shape_is_timed_once_for_all_sweeps_of_the_home(settings: Settings, timed: list[int]) -> None:
    first = make_plan(SMALL, settings, 1)
    longer = SMALL.model_copy(update={"run": SMALL.run.with_changes({"train.epochs": 9, "optim.lr": 0.02})})
    assert make_plan(SMALL, settings, 1) == first
    assert make_plan(longer, settings, 1).how == first.how
    assert first.how.fused
    assert len(timed) == 1
    make_plan(SMALL.model_copy(update={"run": SMALL.run.with_changes({"train.batch_size": 5})}), settings, 1)
    assert len(timed) == 2


def test_a_plan_from_memory_is_the_one_that_was_timed(settings: Settings) -> None:
    assert make_plan(SMALL, settings, 2) == make_plan(SMALL, settings, 2)


@pytest.mark.parametrize("facts", [FACTS, ALONE])
def test_timings_are_read_as_they_were_written(tmp_path: Path, facts: dict[str, Any]) -> None:
    TimingFile(tmp_path / "home")["shape"] = facts
    assert TimingFile(tmp_path / "home")["shape"] == facts
    assert Timings.of(facts).facts() == facts


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"version": 1}', b'{"version": 1, "timings": {"a": {"alone": 3}}}',
     b'{"version": 1, "timings": {"a": {"alone": {"step": 1, "score": 1}, "fused": null, "more": 2}}}'],
)  # fmt: skip
def test_a_damaged_file_is_logged_and_written_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    (tmp_path / NAME).write_bytes(content)
    memory = TimingFile(tmp_path)
    with caplog.at_level(logging.WARNING):
        assert dict(memory) == {}
    assert NAME in caplog.text
    memory["shape"] = FACTS
    assert dict(TimingFile(tmp_path)) == {"shape": FACTS}


def test_the_file_of_another_version_is_left_unread(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / NAME).write_text(json.dumps({"version": 99, "timings": {"shape": 1}}))
    assert len(TimingFile(tmp_path)) == 0
    assert not caplog.records


def test_the_oldest_shape_is_forgotten_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing_file, "_MOST", 3)
    memory = TimingFile(tmp_path)
    for key in "abcadb":
        memory[key] = FACTS
    assert list(memory) == ["a", "d", "b"]
    del memory["d"]
    assert list(memory) == ["a", "b"]


def key(*changes: dict[str, Any], lanes: int = 2, threads: int = 1) -> str:
    specs = [RUN.with_changes(change) for change in changes or [{}] * lanes]
    return shape_key(specs, torch.device("cpu"), threads)


def test_what_changes_no_step_is_no_part_of_the_key() -> None:
    for change in ({"optim.lr": 0.5}, {"train.seed": 9}, {"train.epochs": 99}, {"data.train_size": 30}):
        assert key(change, change) == key()
    assert key({"penalty.l2": 0.1}, {"penalty.l2": 0.2}) == key({"penalty.l2": 0.3}, {"penalty.l2": 0.4})


@pytest.mark.parametrize(
    "change",
    [{"model.name": "keras_cnn"}, {"train.batch_size": 7}, {"train.precision": "float64"}, {"optim.name": "rmsprop"},
     {"penalty.l1": 0.1}, {"penalty.scope": "all"}, {"regularize.max_norm": 1.0}, {"regularize.augment": "flip"}],
)  # fmt: skip
def test_what_changes_a_step_is_part_of_the_key(change: dict[str, Any]) -> None:
    assert key(change, change) != key()


def test_lanes_and_threads_are_part_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {key(), key(lanes=3), key(threads=2)}
    monkeypatch.setattr("reglab.training.shape_key.processor", lambda: "another")
    assert len({*known, key()}) == 4
