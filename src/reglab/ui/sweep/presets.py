"""Preset sweeps: the demonstration, and six more that each ask one question.

Their settings follow a rule, and stay as they are whatever comes out. The rule was fixed after pilot runs, which
located the ends of λ and a network for the maps; it asks nothing of a preset's outcome:

1. Data: digits, which come with the product. CNN: ``small_cnn``, the quickest. Optimizer: Adam. Round numbers.
2. λ: 0 and eight values in the steps 1, 2, 5 of the decades, so that the cliff has points too. They end with the first
   value at which a single run with seed 100, not a seed of the preset, is at chance: both ends of the U are there.
   With L1, and with two penalty modes, which differ by decades, the steps are 1, 3; of two modes the values begin a
   decade below the end of the first mode and stop at the end of the last.
3. Repeats: six seeds, the fewest with which a two-sided p of 0.05 can be reached.
4. Epoch rule: last. No run stops early; early stopping is shown as the rival. Measure: the loss.
5. Maps of λ and the learning rate: data, network and budget of the published result on Learn (a VGG with batch norms,
   10 epochs, cosine schedule), three seeds; its two learning rates and a third in the same step; six λ in steps of 4
   over its range.
6. Regularizers: data, network, epochs, seeds and epoch rule of the demonstration. Each has four values, and none is
   shared: λ₂ in steps 1, 3 between the demonstration's first decade and its last; of dropout, label smoothing and mixup
   the value that its source recommends, and values above and below it within the range that is in use (0.5, 0.1, 0.2);
   of augmentation the changes that keep a digit what it is, shift, rotate and erase, and the first two together.
   Early stopping takes no runs of its own: it is none, each run at its best epoch.
7. Texts ask what is compared. They promise nothing that a sweep has to find.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reglab.spec import TEST_FRACTION
from reglab.sweep import SweepSpec

_NOISY: Mapping[str, Any] = {"name": "digits", "train_size": 400, "label_noise": 0.2}
_TO_TENTH = (0.0, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1)


@dataclass(frozen=True)
class Preset:
    """A sweep with its ``name`` in keys, its title, what it shows, and its icon; ``beside`` are shown next to it."""

    name: str
    title: str
    about: str
    icon: str
    spec: SweepSpec
    beside: tuple[SweepSpec, ...] = ()


def _sweep(data: Mapping[str, Any], *, lr: float, epochs: int, batch_size: int = 32, **sweep: Any) -> SweepSpec:
    run = {
        "data": {"test_fraction": TEST_FRACTION, **data},
        "model": {"name": "small_cnn"},
        "penalty": {"l2": 0.0},
        "optim": {"name": "adam", "lr": lr},
        "train": {"epochs": epochs, "batch_size": batch_size},
    }
    return SweepSpec.parse({"run": run, "seeds": 6, "measure": "loss", **sweep})


DEMO = Preset(
    "demo",
    "Watch the U-curve form",
    "400 digits, one label in five wrong, 60 epochs. Without a penalty the network memorises the wrong labels; with "
    "too large a penalty it learns nothing. What lies between, and would stopping early do as well?",
    ":material/auto_awesome:",
    _sweep(_NOISY, lr=3e-3, epochs=60, l2=_TO_TENTH),
)


def _map(optimizer: str, rate: float, smallest: float, mode: str) -> SweepSpec:
    """λ₂ × learning rate by rule 5: ``rate`` / 4, ``rate`` and 4 · ``rate``, λ₂ = 0 and from ``smallest`` on.

    Both have steps of 4, so that equal lr·λ share a diagonal.
    """
    run = {
        "data": {"name": "digits", "train_size": 200, "label_noise": 0.2},
        "model": {"name": "vgg_small", "batch_norm": True},
        "penalty": {"l2": 0.0, "apply": mode},
        "optim": {"name": optimizer, "lr": rate, "schedule": "cosine"},
        "train": {"epochs": 10, "batch_size": 20},
    }
    rates = tuple(float(f"{rate * 4**power:.6g}") for power in (-1, 0, 1))
    lambdas = (0.0, *(float(f"{smallest * 4**power:.6g}") for power in range(6)))
    return SweepSpec.parse({"run": run, "l2": lambdas, "over": {"optim.lr": rates}, "seeds": 3, "measure": "loss"})


def _regularizers() -> tuple[SweepSpec, ...]:
    """λ₂ with λ₂ = 0, and the other regularizers of rule 6: none has other runs than its own values."""

    def sweep(augment: str = "none", **values: Any) -> SweepSpec:
        alike = _sweep(_NOISY, lr=3e-3, epochs=60, **(values or {"l2": (0.0,)}))
        return alike.model_copy(update={"run": alike.run.with_changes({"regularize.augment": augment})})

    others = {
        "model.dropout": (0.1, 0.2, 0.3, 0.5),
        "regularize.label_smoothing": (0.05, 0.1, 0.2, 0.4),
        "regularize.mixup": (0.1, 0.2, 0.4, 1.0),
    }
    return (
        sweep(l2=(0.0, 1e-3, 3e-3, 1e-2, 3e-2)),
        *(sweep(over={key: values}) for key, values in others.items()),
        *(sweep(augment) for augment in ("shift", "rotate", "erase", "shift+rotate")),
    )


_LAMBDA, *_OTHERS = _regularizers()

PRESETS = (
    Preset(
        "few",
        "Few images",
        "50 training images, right labels: how much does λ₂ help, and how certain is that?",
        ":material/photo_library:",
        _sweep({"name": "digits", "train_size": 50}, lr=1e-3, epochs=100, batch_size=10, l2=_TO_TENTH),
    ),
    Preset(
        "noisy",
        "Noisy labels",
        "Two labels in five wrong: does λ₂ help more than with one in five?",
        ":material/blur_on:",
        _sweep(
            {**_NOISY, "label_noise": 0.4},
            lr=2e-3,
            epochs=60,
            l2=(0.0, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2),
        ),
    ),
    Preset(
        "l1",
        "L1 sparsity",
        "Proximal L1 sets weights to exactly 0: how many, and at what price?",
        ":material/grain:",
        _sweep(_NOISY, lr=3e-3, epochs=50, l1=(0.0, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0), apply=("proximal",)),
    ),
    Preset(
        "adamw",
        "AdamW against Adam + L2",
        "The same λ₂ as decoupled decay and as L2 in the loss: two U-curves.",
        ":material/compare_arrows:",
        _sweep(
            _NOISY,
            lr=2e-3,
            epochs=60,
            l2=(0.0, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0),
            apply=("coupled", "decoupled"),
        ),
    ),
    Preset(
        "decoupling",
        "Does decoupling separate lr and λ?",
        "Maps of λ₂ and the learning rate for SGD + L2, Adam + L2 and AdamW, side by side: does the best λ₂ move with "
        "the learning rate?",
        ":material/grid_on:",
        _map("sgd", 3e-2, 3e-4, "coupled"),
        beside=(_map("adam", 4e-3, 1e-4, "coupled"), _map("adamw", 4e-3, 3e-2, "decoupled")),
    ),
    Preset(
        "worth",
        "What is λ worth?",
        "λ₂ against dropout, label smoothing, mixup, augmentation and early stopping, with equal budgets: which are "
        "better, which the same?",
        ":material/balance:",
        _LAMBDA,
        beside=tuple(_OTHERS),
    ),
)
