"""The table of runs and of their groups on the command line: the columns of the Runs page, from the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reglab.cli.output import Output, status_of
from reglab.number_format import NONE, exact, fixed, percent
from reglab.spec.penalty import penalty_symbol
from reglab.store import run_table_columns as t

if TYPE_CHECKING:
    from reglab.store import RunGroup

FIGURES = (t.LAST_ACC, t.BEST_ACC, t.BEST_ACC_EPOCH, t.TEST_ACC, t.GAP, t.WEIGHT_NORM, t.ZERO_SHARE, t.SECONDS)
"""The figures of a run's row in JSON."""

_HEADS = ("FINAL ACC", "BEST ACC @ EPOCH", "TEST ACC", "GAP", "‖w‖", "ZEROS", "λ", "DURATION")
_GROUP_HEADS = ("FINAL ACC", "BEST ACC", "TEST ACC", "GAP", "‖w‖", "ZEROS", "DURATION")


@dataclass(frozen=True)
class Listed:
    """A run's result object, and its row of the table; a run that cannot be read has no row."""

    result: dict[str, Any]
    row: dict[str, Any] | None = None


def print_runs(output: Output, found: Sequence[Listed]) -> None:
    """A JSON object each, with the row under "row"; or a table, and a sentence for each row that cannot be read."""
    if output.as_json:
        for one in found:
            row = {} if one.row is None else {"row": {name: one.row[name] for name in FIGURES}}
            output.print({**one.result, **row}, "")
        return
    if not found:
        output.note("There are no runs yet; `reglab train` makes one.")
        return
    output.table([("RUN", "STATUS", "EPOCHS", *_HEADS, "NAME"), *map(_row, found)])
    for one in found:
        if one.row is None:
            output.note(one.result["error"])


def print_groups(output: Output, groups: Sequence[RunGroup]) -> None:
    """A JSON object each; or a table whose figures are mean ± standard error over seeds."""
    for group in groups if output.as_json else ():
        output.print(group.record(), "")
    if output.as_json:
        return
    if not groups:
        output.note("There are no runs yet; `reglab train` makes one.")
        return
    output.table([("N", "SEEDS", *_GROUP_HEADS, "GROUP"), *map(_group, groups)])
    output.note("Mean ± one standard error over seeds, where every seed has the same settings.")


def _row(one: Listed) -> tuple[str, ...]:
    result, row = one.result, one.row
    if row is None:
        return (result["run"], result["status"], *[NONE] * (len(_HEADS) + 1), result["name"])
    done = f"{row[t.EPOCH]}/{row[t.EPOCHS]}"
    best = f"{percent(row[t.BEST_ACC])} @ {row[t.BEST_ACC_EPOCH]}" if row[t.BEST_ACC_EPOCH] else NONE
    return (
        result["run"],
        status_of(result),
        done,
        percent(row[t.LAST_ACC]),
        best,
        percent(row[t.TEST_ACC]),
        fixed(row[t.GAP], 3, sign=True),
        fixed(row[t.WEIGHT_NORM], 2),
        percent(row[t.ZERO_SHARE]),
        _lambdas(result["spec"]["penalty"]),
        f"{fixed(row[t.SECONDS], 0)} s",
        result["name"],
    )


def _lambdas(penalty: dict[str, Any]) -> str:
    """For example "λ₂=0.01"; "0" for none."""
    strengths = {key: value for key, value in penalty.items() if isinstance(value, int | float) and value}
    return " ".join(f"{penalty_symbol(key)}={exact(value)}" for key, value in strengths.items()) or "0"


def _group(group: RunGroup) -> tuple[str, ...]:
    def share(name: str) -> str:
        return _with_error(percent(group.means[name]), percent(group.errors[name]))

    def number(name: str, digits: int) -> str:
        return _with_error(fixed(group.means[name], digits), fixed(group.errors[name], digits))

    figures = (share(t.LAST_ACC), share(t.BEST_ACC), share(t.TEST_ACC), number(t.GAP, 3), number(t.WEIGHT_NORM, 2))
    spent = f"{fixed(group.means[t.SECONDS], 0)} s"
    return (str(len(group.runs)), str(group.seeds), *figures, share(t.ZERO_SHARE), spent, group.label)


def _with_error(mean: str, error: str) -> str:
    return mean if error == NONE else f"{mean} ± {error}"
