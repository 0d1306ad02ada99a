"""What a sweep came to, as one plain object: what the command line prints last and other programs read."""

from __future__ import annotations

from typing import Any

from reglab.analysis import judged_sweep, result_of_sweep, runs_table, why_no_best
from reglab.columns import VAL_ACC
from reglab.jobs.labels import chance_of, data_remarks
from reglab.store import Store, Sweep


def sweep_result(store: Store, sweep: Sweep, measure: str = VAL_ACC) -> dict[str, Any]:
    """The best λ and the simplest one within one standard error of it, by ``measure`` at each lane's last epoch.

    ``table`` has a row for each λ (and way of applying it): means over the seeds or folds, and their standard errors
    with the suffix "_se". λ at ``chance`` are passed over; "best" is null where all are, and
    ``why_no_best`` then says so. ``data_remarks`` are those of the first run. ``runs`` are
    the lanes' ids, ``plan`` says how they were advanced.
    """
    runs = store.sweep_runs(sweep.id)
    ids = [run.id for run in runs]
    lanes, epochs = runs_table(sweep.spec.lanes(), runs), store.epochs(ids)
    chance = chance_of(runs)
    table = judged_sweep(lanes, epochs, measure, chance=chance)
    none = why_no_best(table, chance)
    plan = {key: value for key, value in (sweep.plan or {}).items() if key != "stacks"}
    return {
        "sweep": sweep.id,
        "name": sweep.name,
        "status": sweep.state,
        "spec": sweep.spec.model_dump(mode="json"),
        **result_of_sweep(table, measure),
        "why_no_best": None if none is None else none.text,
        "chance": None if chance is None else chance.facts(),
        "data_remarks": data_remarks(runs[0]),
        "runs": ids,
        "seconds": sweep.seconds,
        "plan": plan,
        "error": sweep.error,
    }
