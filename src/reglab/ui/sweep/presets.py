"""Preset sweeps: the demonstration, and four more that each show one effect. All were measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reglab.spec import TEST_FRACTION
from reglab.sweep import SweepSpec

_NOISY: Mapping[str, Any] = {"name": "digits", "train_size": 400, "label_noise": 0.2}


@dataclass(frozen=True)
class Preset:
    """A sweep with its ``name`` in keys, its title, what it shows, and its icon."""

    name: str
    title: str
    about: str
    icon: str
    spec: SweepSpec


def _sweep(data: Mapping[str, Any], *, lr: float, epochs: int, batch_size: int = 32, **sweep: Any) -> SweepSpec:
    run = {
        "data": {"test_fraction": TEST_FRACTION, **data},
        "model": {"name": "small_cnn"},
        "penalty": {"l2": 0.0},
        "optim": {"name": "adam", "lr": lr},
        "train": {"epochs": epochs, "batch_size": batch_size},
    }
    return SweepSpec.parse({"run": run, "seeds": 3, **sweep})


DEMO = Preset(
    "demo",
    "Watch the U-curve form",
    "400 digits, one label in five wrong. Without a penalty the network memorises the wrong labels; with too large a "
    "penalty it learns nothing. The best λ lies between.",
    ":material/auto_awesome:",
    _sweep(_NOISY, lr=3e-3, epochs=60, l2=(0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 2e-2, 3e-2, 0.1)),
)

PRESETS = (
    Preset(
        "few",
        "Few images",
        "50 training images, five seeds: how much does λ₂ help, and how certain is that?",
        ":material/photo_library:",
        _sweep(
            {"name": "digits", "train_size": 50},
            lr=1e-3,
            epochs=100,
            batch_size=10,
            l2=(0.0, 3e-4, 1e-3, 3e-3, 1e-2, 2e-2, 3e-2, 0.1),
            seeds=5,
        ),
    ),
    Preset(
        "noisy",
        "Noisy labels",
        "Two labels in five wrong: the more label noise, the more λ₂ helps.",
        ":material/blur_on:",
        _sweep(
            {**_NOISY, "label_noise": 0.4},
            lr=2e-3,
            epochs=60,
            l2=(0.0, 1e-3, 3e-3, 5e-3, 1e-2, 2e-2, 3e-2, 5e-2, 0.1),
        ),
    ),
    Preset(
        "l1",
        "L1 sparsity",
        "Proximal L1 sets weights to exactly 0, more of them with every λ₁.",
        ":material/grain:",
        _sweep(_NOISY, lr=3e-3, epochs=50, l1=(0.0, 1e-3, 1e-2, 3e-2, 0.1, 0.2, 0.3, 0.5, 1.0), apply=("proximal",)),
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
            l2=(0.0, 1e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0, 10.0),
            apply=("coupled", "decoupled"),
        ),
    ),
)
