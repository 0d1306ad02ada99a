"""What a sweep came to, as one plain object: what the command line prints last and other programs read."""

from __future__ import annotations

from typing import Any

from reglab.analysis import judged_path, lanes_table, result_of_path
from reglab.columns import BEST, VAL_ACC
from reglab.datasets import DATASETS
from reglab.store import Store, Sweep


def sweep_result(store: Store, sweep: Sweep, measure: str = VAL_ACC) -> dict[str, Any]:
    """The best λ and the simplest one within one standard error of it, by ``measure`` at each lane's last epoch.

    ``table`` has a row for each λ (and way of applying it): means over the seeds or folds, and their standard errors
    with the suffix "_se". λ at chance are passed over, unless all are. ``runs`` are the lanes' ids, ``plan`` says how
    they were advanced.
    """
    runs = store.sweep_runs(sweep.id)
    ids = [run.id for run in runs]
    lanes, epochs = lanes_table(sweep.spec.lanes(), runs), store.epochs(ids)
    table = judged_path(lanes, epochs, measure, classes=len(DATASETS.get(sweep.spec.run.data.name).classes))
    if not table[BEST].any():
        table = judged_path(lanes, epochs, measure)
    plan = {key: value for key, value in (sweep.plan or {}).items() if key != "stacks"}
    return {
        "sweep": sweep.id,
        "name": sweep.name,
        "status": sweep.state,
        "spec": sweep.spec.model_dump(mode="json"),
        **result_of_path(table, measure),
        "runs": ids,
        "seconds": sweep.seconds,
        "plan": plan,
        "error": sweep.error,
    }
