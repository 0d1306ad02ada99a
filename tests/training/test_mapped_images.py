"""Images that are normalised batch by batch: the bits of training, evaluation and figures are those of a copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reglab.datasets import NormalisedImages
from reglab.events import Ended, EpochDone
from reglab.spec import RunSpec
from reglab.training import arrays, mapped, train
from reglab.training.execution import SEQUENTIAL, ExecutionMode
from reglab.training.mapped import MappedImages, copied, gathered, on_device, rows

CPU = torch.device("cpu")
RUN: dict[str, Any] = {
    "data": {"name": "synthetic", "train_size": 70, "val_size": 40, "label_noise": 0.2},
    "model": {"name": "keras_cnn"},
    "train": {"epochs": 2, "batch_size": 32},
}
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "float64": {"train.precision": "float64"},
    "float pixels": {"data.name": "digits"},
    "noisy": {"data.input_noise": 0.2, "data.val_input_noise": 0.1, "train.class_weights": "balanced"},
    "mixed": {
        "regularize.mixup": 0.3,
        "regularize.label_smoothing": 0.1,
        "regularize.augment": "shift+flip",
        "train.class_weights": "balanced",
    },
}


def source(channels: int, kind: torch.dtype, n: int = 9) -> NormalisedImages:
    generator = torch.Generator().manual_seed(channels)
    pixels = torch.randint(0, 256, (n + 3, channels, 8, 6), generator=generator, dtype=torch.uint8)
    pixels = pixels if kind == torch.uint8 else pixels / 255
    mean, std = torch.rand(channels, generator=generator), torch.rand(channels, generator=generator) + 0.1
    return NormalisedImages(pixels, torch.randperm(n + 3, generator=generator)[:n], mean, std)


@given(
    st.sampled_from([1, 3]), st.sampled_from([torch.uint8, torch.float32]),
    st.sampled_from([torch.float32, torch.float64]), st.lists(st.integers(0, 8), min_size=1, max_size=5),
    st.booleans(),
)  # fmt: skip
def test_every_batch_has_the_bits_and_the_layout_of_one_from_a_copy(
    channels: int, kind: torch.dtype, dtype: torch.dtype, places: list[int], device_copy: bool
) -> None:
    own, index = source(channels, kind), torch.tensor(places)
    ours = on_device(own, dtype, CPU) if device_copy else MappedImages(own, dtype, CPU)
    theirs = copied(own, dtype, CPU)
    assert len(ours) == len(theirs)
    for part in (slice(0, 4), slice(6, 20)):
        pairs = [
            (ours[part], theirs[part]),
            (rows(ours, index), rows(theirs, index)),
            (gathered(ours, index)[part], gathered(theirs, index)[part]),
        ]
        for made, wanted in pairs:
            assert torch.equal(made, wanted)
            assert made.stride() == wanted.stride()
            assert made.dtype == wanted.dtype


def test_a_copy_is_that_of_the_whole_and_its_formula() -> None:
    own = source(3, torch.uint8, n=2000)
    unit = own.pixels[own.index].float().div_(255)
    wanted = unit.sub_(own.mean[:, None, None]).div_(own.std[:, None, None])
    assert torch.equal(own.all(), wanted)
    assert torch.equal(copied(own, torch.float32, CPU), wanted)
    assert own.pixels.dtype == torch.uint8  # as they were


@pytest.fixture
def nothing_is_copied(monkeypatch: pytest.MonkeyPatch) -> list[MappedImages]:
    """Every set counts as too large for a copy; the sets that were mapped."""
    made: list[MappedImages] = []

    def note(*args: Any) -> MappedImages:
        made.append(mapped.mapped(*args))
        return made[-1]

    monkeypatch.setattr(mapped, "COPIED", 0)
    monkeypatch.setattr(arrays, "mapped", note)
    return made


def outcome(specs: Sequence[RunSpec], how: ExecutionMode = SEQUENTIAL) -> list[Any]:
    found: list[Any] = []
    for event in train(*specs, device="cpu", threads=1, how=how):
        if isinstance(event, EpochDone):
            facts = {name: value for name, value in vars(event.metrics).items() if name != "seconds"}
            found.append(repr((facts, event.layers)))
        if isinstance(event, Ended):
            found += [array.tobytes() for array in (*event.weights().values(), *event.probabilities().values())]
    return found


@pytest.mark.parametrize("case", CASES)
def test_a_run_is_the_same_bit_for_bit(case: str, nothing_is_copied: list[MappedImages]) -> None:
    spec = RunSpec.parse(RUN).with_changes(CASES[case])
    ours = outcome([spec])
    assert len(nothing_is_copied) == 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mapped, "COPIED", 2**30)
        theirs = outcome([spec])
    assert len(nothing_is_copied) == 2
    assert ours == theirs


def test_fused_lanes_are_the_same_bit_for_bit(nothing_is_copied: list[MappedImages]) -> None:
    specs = [RunSpec.parse(RUN).with_changes({"penalty.l2": l2}) for l2 in (0.0, 0.01)]
    how = ExecutionMode(fused=True, fused_evaluation=True, wide_evaluation=True)
    ours = outcome(specs, how)
    assert nothing_is_copied
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mapped, "COPIED", 2**30)
        assert outcome(specs, how) == ours
