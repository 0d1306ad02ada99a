"""Events that the training loop yields.

A snapshot is valid until the next event is asked for; taking it copies the state.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from reglab.predictions import EpochScores, Which

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Reason: TypeAlias = Literal["completed", "stopped_early", "diverged"]


@dataclass(frozen=True)
class Checkpoint:
    """The whole state of one run at one step: arrays by name, and JSON-able facts (epoch, step, spec, …).

    Continuing from it gives the same bits as never having stopped.
    """

    arrays: Mapping[str, NDArray[Any]]
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Environment:
    """Where a run's bits come from: device, intra-op threads, versions, and whether it advances alone or fused.

    ``train_labels`` and ``val_labels`` count the images of each class that are used, by their true labels. Of the
    data set's images ``n_pool`` lie outside the test part of ``n_test`` images, which are its official ones or a share
    (``test_source``; "none" without a test part); ``test_sha256`` identifies them. ``cpu`` is the model of the CPU, and
    ``cpu_capability`` the instructions that torch uses on it ("AVX2"); ``earlier`` are the other devices and CPUs that
    trained the run before.
    """

    device: str
    threads: int
    versions: Mapping[str, str]
    parameters: int
    n_train: int
    n_val: int
    advance: str = "alone"
    train_labels: tuple[int, ...] = ()
    val_labels: tuple[int, ...] = ()
    n_pool: int = 0
    n_test: int = 0
    test_sha256: str = ""
    test_source: str = "none"
    cpu: str = ""
    cpu_capability: str = ""
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True)
class LayerStats:
    """One weight tensor at the end of an epoch; see :mod:`reglab.columns` for each figure."""

    layer: str
    size: int
    l1_norm: float
    l2_norm: float
    max_abs: float
    zero_share: float
    near_zero_share: float
    data_grad: float
    penalty_grad: float
    zeros: int
    counts: NDArray[np.int64] = field(repr=False)
    units: int = 0
    zero_units: int = 0


@dataclass(frozen=True)
class EpochMetrics:
    """The figures of one epoch; see :mod:`reglab.columns` for each. ``penalties``: each term by its key, in nats."""

    epoch: int
    train_loss: float
    val_loss: float
    train_acc: float
    val_acc: float
    running_loss: float
    penalties: Mapping[str, float]
    total: float
    gap_loss: float
    gap_acc: float
    lr: float
    seconds: float
    clean_acc: float = math.nan
    flipped_acc: float = math.nan
    true_acc: float = math.nan
    criterion: float = math.nan

    @property
    def l1(self) -> float:
        """The L1 term λ₁ Σ f|w|."""
        return self.penalties.get("l1", 0.0)

    @property
    def l2(self) -> float:
        """The L2 term (λ₂/2) Σ f w²."""
        return self.penalties.get("l2", 0.0)


@dataclass(frozen=True)
class Started:
    """A lane is built (or restored) and about to train from ``epoch``/``step``; ``layers`` are its initial weights.

    ``val_index`` (n,): the places of its validation images in the pool; ``classes``: how many there are.
    """

    lane: int
    environment: Environment
    epoch: int
    epochs: int
    step: int
    steps: int
    layers: tuple[LayerStats, ...]
    snapshot: Callable[[], Checkpoint] = field(repr=False)
    val_index: NDArray[np.int64] = field(repr=False)
    classes: int


@dataclass(frozen=True)
class StepDone:
    """One optimizer step of every lane is done: ``step`` of ``steps`` in ``epoch`` of ``epochs``."""

    epoch: int
    epochs: int
    step: int
    steps: int
    snapshots: tuple[Callable[[], Checkpoint], ...] = field(repr=False)


@dataclass(frozen=True)
class Evaluating:
    """All ``steps`` of ``epoch`` are done and part of its evaluation is, which a large data set makes long.

    Going on from a snapshot taken here repeats the evaluation from its beginning.
    """

    epoch: int
    epochs: int
    steps: int
    snapshots: tuple[Callable[[], Checkpoint], ...] = field(repr=False)


@dataclass(frozen=True)
class EpochDone:
    """One lane has finished an epoch and been evaluated; ``best_epoch`` has the lowest validation loss so far.

    ``scores`` are those of its validation images.
    """

    lane: int
    metrics: EpochMetrics
    layers: tuple[LayerStats, ...]
    best_epoch: int
    snapshot: Callable[[], Checkpoint] = field(repr=False)
    scores: EpochScores | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Ended:
    """One lane will not train further: all epochs done, stopped early, or its loss is no longer finite.

    ``weights`` are those after the last epoch, ``best_weights`` those of the lowest validation loss (none where no
    epoch had a finite one), and ``probabilities`` those of all classes (n, classes) on the validation images, float32,
    under "last" and "best". All are valid until the next event is asked for.
    """

    lane: int
    reason: Reason
    epoch: int
    best_epoch: int
    weights: Callable[[], Mapping[str, NDArray[Any]]] = field(repr=False)
    best_weights: Callable[[], Mapping[str, NDArray[Any]]] = field(repr=False)
    probabilities: Callable[[], Mapping[Which, NDArray[np.float32]]] = field(repr=False)
    snapshot: Callable[[], Checkpoint] = field(repr=False)


Event: TypeAlias = Started | StepDone | Evaluating | EpochDone | Ended
