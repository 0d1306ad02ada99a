"""Any spec that the spec itself accepts, as a hypothesis strategy."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from reglab.optimizers import OPTIMIZERS
from reglab.spec import RunSpec
from reglab.ui.shared.spec_fields import has


def _number(lowest: float, highest: float) -> st.SearchStrategy[float]:
    return st.one_of(st.sampled_from([lowest, highest]), st.floats(lowest, highest, allow_subnormal=False))


_CLASSES = st.sampled_from(["3", "T-shirt/top", "0: zero", "Ж"])

SETTINGS: dict[str, st.SearchStrategy[Any]] = {
    "data.name": st.sampled_from(["digits", "mnist", "synthetic"]),
    "data.train_size": st.one_of(st.none(), st.integers(2, 60_000)),
    "data.label_noise": _number(0, 0.95),
    "data.train_share": st.one_of(st.none(), _number(0.01, 1)),
    "data.train_balance": st.sampled_from(["stratified", "equal"]),
    "data.imbalance": _number(1, 10_000),
    "data.noise_kind": st.sampled_from(["symmetric", "asymmetric", "per_class"]),
    "data.noise_map": st.dictionaries(_CLASSES, _CLASSES),
    "data.noise_by_class": st.dictionaries(_CLASSES, _number(0, 1)),
    "data.input_noise": _number(0, 10),
    "data.val_input_noise": _number(0, 10),
    "data.validation": st.sampled_from(["share", "own"]),
    "data.val_fraction": _number(0.01, 0.95),
    "data.test_fraction": _number(0, 0.5),
    "data.val_size": st.one_of(st.none(), st.integers(2, 10_000)),
    "data.resize": st.one_of(st.none(), st.integers(8, 224)),
    "data.seed": st.integers(0, 2**32 - 1),
    "data.folds": st.one_of(st.none(), st.integers(2, 50)),
    "data.fold": st.integers(0, 49),
    "data.blocks": st.one_of(st.none(), st.integers(2, 50)),
    "data.block": st.integers(0, 49),
    "model.name": st.sampled_from(["simple_cnn", "keras_cnn", "vgg_small"]),
    "model.dropout": _number(0, 0.95),
    "model.batch_norm": st.booleans(),
    "model.head": st.sampled_from(["dense", "pool"]),
    "penalty.l1": _number(0, 1e3),
    "penalty.l2": _number(0, 1e3),
    "penalty.group": _number(0, 1e3),
    "penalty.apply": st.sampled_from(["coupled", "decoupled", "proximal"]),
    "penalty.scope": st.sampled_from(["weights", "weights+biases", "all"]),
    "penalty.factors": st.dictionaries(st.sampled_from(["conv1.weight", "fc1.bias"]), _number(0, 1e3)),
    "optim.name": st.sampled_from(OPTIMIZERS.names()),
    "optim.lr": _number(1e-9, 10),
    "optim.momentum": _number(0, 0.999),
    "optim.nesterov": st.booleans(),
    "optim.alpha": _number(0, 0.999),
    "optim.schedule": st.sampled_from(["constant", "cosine", "step"]),
    "optim.step_every": st.integers(1, 10_000),
    "optim.step_factor": _number(1e-9, 1),
    "regularize.label_smoothing": _number(0, 0.95),
    "regularize.mixup": _number(0, 100),
    "regularize.max_norm": st.one_of(st.none(), _number(1e-9, 1e3)),
    "regularize.augment": st.sampled_from(["none", "flip", "shift+rotate+erase"]),
    "train.epochs": st.integers(1, 10_000),
    "train.batch_size": st.integers(1, 65_536),
    "train.seed": st.integers(0, 2**32 - 1),
    "train.patience": st.integers(0, 10_000),
    "train.precision": st.sampled_from(["float32", "float64"]),
    "train.class_weights": st.sampled_from(["none", "balanced"]),
    "train.keep": st.sampled_from(["last", "best"]),
}


def specs() -> st.SearchStrategy[RunSpec]:
    """Specs that differ from the default in any settings."""
    return st.fixed_dictionaries({}, optional=SETTINGS).map(_that_go_together).map(RunSpec().with_changes)


def _that_go_together(changes: dict[str, Any]) -> dict[str, Any]:
    """A fold or block that there is, not both; no setting that the optimizer lacks or that another one excludes."""
    optimizer = changes.get("optim.name", RunSpec().optim.name)
    kept = {setting: value for setting, value in changes.items() if has(optimizer, setting)}
    kind = changes.get("data.noise_kind", "symmetric")
    for name, own in (("noise_map", "asymmetric"), ("noise_by_class", "per_class")):
        kept |= {f"data.{name}": {}} if kind != own else {}
    if changes.get("data.imbalance", 1) > 1:
        kept["data.train_balance"] = "stratified"
    if kept.get("data.train_share") is not None:
        kept["data.train_size"] = None
    whole = kept.get("data.validation") == "own" or kept.get("data.imbalance", 1) > 1
    whole = whole or kept.get("data.train_balance") == "equal"
    folds = None if whole else changes.get("data.folds")
    kept["data.folds"] = folds
    blocks = None if folds or kept.get("data.validation") == "own" else changes.get("data.blocks")
    numbers = {
        "fold": changes.get("data.fold", 0) % (folds or 1),
        "block": changes.get("data.block", 0) % (blocks or 1),
    }
    return {**kept, "data.blocks": blocks, **{f"data.{name}": number for name, number in numbers.items()}}
