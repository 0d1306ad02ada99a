"""What a run came to, as one plain object: what the command line prints last and other programs read."""

from __future__ import annotations

from typing import Any

from reglab.analysis.zero_filters import zero_filters
from reglab.jobs.labels import chance_of_run, data_remarks
from reglab.store import Run, Store, Unreadable

METRICS = ("train_loss", "val_loss", "train_acc", "val_acc", "gap_loss", "gap_acc", "l1", "l2", "total")


def result(store: Store, run: Run) -> dict[str, Any]:
    """The run's state, spec and figures at its last epoch: losses are data losses in eval mode, gap_loss = val − train,
    gap_acc = train − val, l1, l2 and any other key of λ the penalty terms; ``chance`` is the accuracy of guessing, and
    ``learnt`` whether the last epoch does better; ``data_remarks`` name absent and rare classes; ``weights`` is the
    path of the final safetensors file, and ``missing`` a sentence where that file or the run's folder is gone.
    Runs with group lasso have ``filters``, the number of filters and dense units, and ``zero_filters``, of those at 0.
    """
    chance, accuracy = chance_of_run(run), run.last.val_acc if run.last else None
    missing = store.missing(run)
    figures: dict[str, Any] = (
        {name: getattr(run.last, name) for name in METRICS} if run.last else dict.fromkeys(METRICS)
    )
    figures |= {key: value for key, value in run.last.penalties.items() if key not in METRICS} if run.last else {}
    if run.spec.penalty.strengths.get("group"):
        zero = zero_filters(store.layers([run.id], latest=True)) or (None, None)
        figures |= dict(zip(("zero_filters", "filters"), zero, strict=True))
    return {
        "run": run.id,
        "name": run.name,
        "status": run.state,
        "spec": run.spec.model_dump(),
        "metrics": {**figures, "best_epoch": run.best_epoch, "epochs": run.epoch},
        "chance": None if chance is None else chance.facts(),
        "learnt": None if chance is None or accuracy is None else not chance.holds(accuracy),
        "data_remarks": data_remarks(run),
        "seconds": run.seconds,
        "device": run.device,
        "threads": run.threads,
        "weights": str(store.home / run.weights_path) if run.weights_path and not missing else None,
        "weights_sha256": run.weights_sha256,
        "error": run.error,
        "missing": missing,
    }


def unreadable_result(row: Unreadable) -> dict[str, Any]:
    """What stands in a list for a row that this version cannot read."""
    return {row.kind: row.id, "name": row.name, "status": "unreadable", "error": row.sentence}
