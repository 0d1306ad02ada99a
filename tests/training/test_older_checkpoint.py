"""A checkpoint that was written before a setting existed still resumes, to the same bits."""

from __future__ import annotations

from typing import Any

import pytest
from torch import nn

from reglab.errors import CheckpointError
from reglab.events import Checkpoint, Ended, EpochDone
from reglab.models import build
from reglab.spec import RunSpec
from reglab.training import lane, products, train
from reglab.training.products import Product, products_of

SPEC = RunSpec.parse({
    "data": {"train_size": 40, "val_size": 20},
    "model": {"name": "lenet5"},
    "train": {"epochs": 2, "batch_size": 20},
})  # fmt: skip
YOUNGER = ("folds", "fold")
WIDE = SPEC.with_changes({"data.train_size": 200, "train.batch_size": 100})  # 38,400 numbers go through tanh1


def _run(spec: RunSpec, checkpoint: Checkpoint | None = None) -> tuple[Checkpoint, dict[str, bytes]]:
    """The state after the first epoch that is trained, and the final weights."""
    taken, weights = None, {}
    for event in train(spec, device="cpu", threads=1, resume=[checkpoint] if checkpoint else ()):
        if isinstance(event, EpochDone):
            taken = taken or event.snapshot()
        if isinstance(event, Ended):
            weights = {name: array.tobytes() for name, array in event.weights().items()}
    assert taken
    return taken, weights


def _without(facts: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    data = {key: value for key, value in facts["spec"]["data"].items() if key not in keys}
    return {**facts, "spec": {**facts["spec"], "data": data}}


def test_a_checkpoint_without_the_younger_settings_resumes() -> None:
    checkpoint, whole = _run(SPEC)
    old = Checkpoint(checkpoint.arrays, _without(checkpoint.facts, YOUNGER))
    assert old.facts["spec"] != SPEC.model_dump()
    assert _run(SPEC, old)[1] == whole


def test_it_still_belongs_to_one_run_alone() -> None:
    checkpoint, _ = _run(SPEC)
    old = Checkpoint(checkpoint.arrays, _without(checkpoint.facts, YOUNGER))
    with pytest.raises(CheckpointError, match="other settings"):
        _run(SPEC.with_changes({"data.folds": 2}), old)


@pytest.mark.parametrize("spec", [None, 3, {"data": {"name": 3}}, {"dtaa": {}}])
def test_a_spec_that_cannot_be_read_is_another_one(spec: object) -> None:
    checkpoint, _ = _run(SPEC)
    with pytest.raises(CheckpointError, match="other settings"):
        _run(SPEC, Checkpoint(checkpoint.arrays, {**checkpoint.facts, "spec": spec}))


def test_tanh_is_computed_as_by_the_version_that_began_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """On AMD by oneDNN, by torch in the version before it: each goes on to its own bits under the other."""
    monkeypatch.setattr(products, "processor", lambda: "AMD EPYC")
    if "tanh1" not in products_of(build(WIDE.model, (1, 8, 8), 10, 0)):
        pytest.skip("this torch has no oneDNN")

    def before(model: nn.Module) -> dict[str, Product]:
        return {name: product for name, product in products_of(model).items() if not name.startswith("tanh")}

    now, whole = _run(WIDE)
    with monkeypatch.context() as earlier:
        earlier.setattr(lane, "products_of", before)
        then, whole_then = _run(WIDE)
        assert whole_then != whole
        assert _run(WIDE, now)[1] == whole
    assert _run(WIDE, then)[1] == whole_then
