"""The number of threads of a run that is alone: which are tried, which is taken, what is remembered, what stays."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reglab.datasets import check_data
from reglab.errors import SpecError
from reglab.events import Ended
from reglab.spec import RunSpec
from reglab.training import thread_choice, train
from reglab.training.thread_choice import fastest_threads

SPEC = RunSpec.parse({"data": {"train_size": 60, "val_fraction": 0.1}, "model": {"name": "small_cnn"}})
MS = 1e-3


def chosen(monkeypatch: pytest.MonkeyPatch, milliseconds: dict[int, float], most: int) -> list[int]:
    """The numbers tried where a step takes so long on each of them, and then the number taken."""
    tried: list[int] = []

    def timed(_trial: object) -> tuple[float, float]:
        tried.append(torch.get_num_threads())
        return milliseconds[tried[-1]] * MS, tried[-1]

    monkeypatch.setattr(thread_choice.Trial, "_time", timed)
    taken = fastest_threads(SPEC, most=most, device="cpu", folder=Path())
    return [*tried, taken]


@pytest.mark.parametrize(
    ("milliseconds", "most", "tried", "taken"),
    [
        ({1: 0.4}, 16, [1], 1),  # tiny: nothing else is tried
        ({1: 8, 2: 9}, 16, [1, 2], 1),  # more threads lose at once
        ({1: 8, 2: 4.4, 4: 2.6, 8: 1.9, 16: 2.1}, 16, [1, 2, 4, 8, 16], 8),
        ({1: 8, 2: 4.4, 4: 2.6, 8: 2.55, 12: 2.54}, 12, [1, 2, 4, 8, 12], 4),  # less than 5 % is no gain
        ({1: 8, 2: 4, 4: 2, 6: 1.5}, 6, [1, 2, 4, 6], 6),
        ({1: 300}, 16, [1], 16),  # heavy: all are taken without a timing
        ({}, 1, [], 1),
    ],
)
def test_more_threads_are_tried_while_they_gain(
    monkeypatch: pytest.MonkeyPatch, milliseconds: dict[int, float], most: int, tried: list[int], taken: int
) -> None:
    assert chosen(monkeypatch, milliseconds, most) == [*tried, taken]
    assert torch.get_num_threads() == 1


@pytest.mark.parametrize(("batch", "heavy"), [(2, False), (4, False), (49, False), (50, True), (512, True)])
def test_a_heavy_step_is_foreseen_and_never_taken(monkeypatch: pytest.MonkeyPatch, batch: int, heavy: bool) -> None:
    steps: list[int] = []
    monkeypatch.setattr(thread_choice, "_seconds_of", lambda _lane, images: (1 + 2 * images) * MS)
    monkeypatch.setattr(thread_choice, "take_step", lambda _lane: steps.append(torch.get_num_threads()))
    monkeypatch.setattr(time, "process_time", iter(range(1000)).__next__)  # nothing else is busy
    spec = SPEC.with_changes({"train.batch_size": batch, "data.train_size": None})
    memory: dict[str, Mapping[str, Any]] = {}
    assert (fastest_threads(spec, most=3, device="cpu", folder=Path(), memory=memory) == 3) or not heavy
    assert heavy != bool(steps)
    assert len(memory) >= 1


def test_seconds_of_a_step_are_linear_in_its_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread_choice, "_seconds_of", lambda _lane, images: (1 + 2 * images) * MS)
    lane = SimpleNamespace(spec=SPEC.with_changes({"train.batch_size": 32}))
    assert thread_choice.foresee(lane) == pytest.approx((1 + 2 * 32) * MS)  # type: ignore[arg-type]


def test_beside_busy_programs_one_thread_is_taken_and_nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    memory: dict[str, Mapping[str, Any]] = {}
    monkeypatch.setattr(thread_choice.Trial, "_time", lambda _: (8 * MS, 0.4))
    assert fastest_threads(SPEC, most=4, device="cpu", folder=Path(), memory=memory) == 1
    assert memory == {}


def test_what_is_remembered_is_not_timed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    memory: dict[str, Mapping[str, Any]] = {}
    times = {1: 8 * MS, 2: 5 * MS, 4: 6 * MS}
    counted = lambda _: (times[torch.get_num_threads()], torch.get_num_threads())  # noqa: E731
    monkeypatch.setattr(thread_choice.Trial, "_time", counted)
    assert fastest_threads(SPEC, most=4, device="cpu", folder=Path(), memory=memory) == 2
    assert len(memory) == 3
    monkeypatch.setattr(thread_choice.Trial, "_time", None)
    other_lambda = SPEC.with_changes({"penalty.l2": 0.03, "train.seed": 5, "train.epochs": 7})
    assert fastest_threads(other_lambda, most=4, device="cpu", folder=Path(), memory=memory) == 2


def test_the_timing_changes_no_bits_and_no_generator() -> None:
    def weights() -> list[bytes]:
        events = train(SPEC.with_changes({"train.epochs": 1}), device="cpu", threads=1)
        return [array.tobytes() for e in events if isinstance(e, Ended) for array in e.weights().values()]

    before = weights()
    states = torch.get_rng_state(), random.getstate(), str(np.random.get_state())
    assert fastest_threads(SPEC, most=2, device="cpu", folder=Path()) in (1, 2)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (random.getstate(), str(np.random.get_state())) == states[1:]
    assert torch.get_num_threads() == 1
    assert weights() == before


@settings(max_examples=40)
@given(
    st.sampled_from(["digits", "digits_halves", "mnist_5k", "mnist", "cifar100", "svhn"]),
    st.one_of(st.none(), st.integers(2, 60_000)),
    st.floats(0.01, 0.95),
    st.one_of(st.none(), st.integers(2, 10)),
    st.integers(1, 4096),
)
def test_the_copy_has_images_of_every_spec(
    name: str, size: int | None, share: float, folds: int | None, batch: int
) -> None:
    data = {"name": name, "train_size": size, "val_fraction": share, "folds": folds}
    spec = RunSpec.parse({"data": data, "train": {"batch_size": batch}})
    try:
        wanted = check_data(spec.data).train
    except SpecError:
        return
    few = check_data(thread_choice.few_images(spec))
    assert 0.8 * min(wanted, batch) <= few.train <= wanted
