"""Result objects of runs, which the command line prints and other programs read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from reglab.datasets import recorded_remarks
from reglab.jobs.chances import chance_of_run
from reglab.jobs.machines import machine_remark
from reglab.number_format import exact
from reglab.store import Run, Store, Unreadable
from reglab.sweep import SweepSpec
from reglab.sweep_axes import Axis

METRICS = ("train_loss", "val_loss", "train_acc", "val_acc", "gap_loss", "gap_acc", "l1", "l2", "total")


def result(store: Store, run: Run) -> dict[str, Any]:
    """The run's state, spec and figures at its last epoch; under "best" those at its epoch of lowest validation loss.

    Losses are data losses in eval mode, gap_loss = val − train, gap_acc = train − val; l1, l2 and any other key of λ
    are the penalty terms. ``chance`` is the accuracy of guessing, ``learnt`` whether the last epoch does better;
    ``data_remarks`` name absent and rare classes, ``machine_remark`` the kinds of machine of a run that changed them;
    ``weights`` is the safetensors file of the weights that the run ends with (those of its last epoch, or with
    ``train.keep: best`` of its best one), ``best_weights`` that of the best epoch, and ``missing`` a sentence where the
    former or the run's folder is gone.
    Runs whose training criterion is not the data loss have it as ``criterion``, and total = criterion + penalty terms.
    Runs with group lasso have ``filters``, the number of filters and dense units, and ``zero_filters``, of those at 0.
    """
    last, chance, missing = run.last, chance_of_run(run), store.missing(run)
    return {
        "run": run.id,
        "name": run.name,
        "status": run.state,
        "spec": run.spec.model_dump(),
        "metrics": {
            **_figures(store, run),
            "best_epoch": run.best_epoch,
            "epochs": run.epoch,
            "best": run.best and run.best._asdict(),
        },
        "chance": chance and chance.facts(),
        "learnt": None if chance is None or last is None else not chance.holds(last.val_acc),
        "data_remarks": data_remarks(run),
        "machine_remark": machine_remark(run),
        "seconds": run.seconds,
        "device": run.device,
        "threads": run.threads,
        "weights": str(store.home / run.weights_path) if run.weights_path and not missing else None,
        "weights_sha256": run.weights_sha256,
        "best_weights": str(best) if run.weights_path and (best := store.best_weights(run)) else None,
        "error": run.error,
        "missing": missing,
        "person": run.person,
    }


def _figures(store: Store, run: Run) -> dict[str, Any]:
    """The figures of the last epoch; filters at zero where the penalty can zero them."""
    last = run.last
    figures: dict[str, Any] = {name: getattr(last, name, None) for name in METRICS}
    figures |= {key: value for key, value in last.penalties.items() if key not in METRICS} if last else {}
    if last and not math.isnan(last.criterion):
        figures["criterion"] = last.criterion
    if run.spec.penalty.zeroes_filters:
        from reglab.analysis.zero_filters import zero_filters  # brings pandas and SciPy, which few runs need

        zero = zero_filters(store.layers([run.id], latest=True)) or (None, None)
        figures |= dict(zip(("zero_filters", "filters"), zero, strict=True))
    return figures


def unreadable_result(row: Unreadable) -> dict[str, Any]:
    """The entry of a row that this version cannot read."""
    return {row.kind: row.id, "name": row.name, "status": "unreadable", "error": row.sentence}


SAME_IMAGES = (
    "All repeats validate on the same images, the dataset's own validation part: intervals are over training, not over "
    "other validation images."
)


def data_remarks(run: Run) -> list[str]:
    """Sentences on absent and rare classes, a majority among the images used, and what repeats share; empty for usual
    data."""
    known, data = run.environment or {}, run.spec.data
    labels = known.get("train_labels", ()), known.get("val_labels", ())
    remarks = recorded_remarks(data.name, *labels, uneven=data.uneven)
    return [*remarks, *([SAME_IMAGES] if data.validation == "own" and run.sweep else [])]


OTHER_IMAGES = (
    "its values are validated on other images or pixels, so their figures answer different questions: a lower loss may "
    "only mean easier images."
)
_VALIDATION = {"data.val_fraction", "data.val_size", "data.val_input_noise"}


def sweep_remarks(spec: SweepSpec, runs: Sequence[Run]) -> list[str]:
    """:func:`data_remarks` of a sweep; where an axis changes the data, those of its first and last values."""
    axes = [axis for axis in spec.axes if axis.key.startswith("data.")]
    if not axes:
        return data_remarks(runs[0])
    first, last = runs[0], runs[: len(spec.points) * len(spec.applies)][-1]
    both = [remark for remark in data_remarks(first) if remark in data_remarks(last)]
    own = [f"At {_place(axes, run)}: {one}" for run in (first, last) for one in data_remarks(run) if one not in both]
    return [*both, *own, *(f"{axis.setting.title}: {OTHER_IMAGES}" for axis in axes if axis.key in _VALIDATION)]


def _place(axes: Sequence[Axis], run: Run) -> str:
    settings = run.spec.flat()
    return ", ".join(f"{axis.symbol} {exact(settings[axis.key])}" for axis in axes)
