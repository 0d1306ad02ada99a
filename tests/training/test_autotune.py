"""Fused or one by one: what is timed, how often, and which execution follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reglab import RunSpec
from reglab.training import autotune
from reglab.training.autotune import Times, choose

RUN = RunSpec.parse({"data": {"name": "digits", "train_size": 40, "val_size": 20}, "model": {"name": "small_cnn"}})
LANES = [RUN.with_changes({"penalty.l2": strength}) for strength in (0.0, 1e-3, 1e-2)]


@pytest.mark.parametrize(
    ("alone", "fused", "chosen"),
    [
        ([1.0, 1.0], [1.1, 0.8], True),  # the first timing of the fused step was disturbed
        ([1.3, 1.0], [1.2, 1.2], False),  # that of the step alone was
        ([1.0], [0.5], True),
        ([1.0], [2.0], False),
    ],
)
def test_two_executions_that_are_about_as_fast_are_timed_once_more(
    monkeypatch: pytest.MonkeyPatch, alone: list[float], fused: list[float], chosen: bool
) -> None:
    """Milliseconds of a step. The choice is kept for the shape, so a moment's disturbance must not decide it."""
    left: dict[str, Iterator[float]] = {"_time_alone": iter(alone), "_time_fused": iter(fused)}
    for name, seconds in left.items():
        monkeypatch.setattr(autotune, name, lambda *_, seconds=seconds: Times(next(seconds) / 1000, 1e-6))
    choice = choose(LANES, device="cpu", threads=1, folder=Path())
    assert choice.how.fused is chosen
    assert [list(seconds) for seconds in left.values()] == [[], []]
    assert choice.alone == pytest.approx(Times(min(alone) / 1000, 1e-6).epoch(2, 40))
