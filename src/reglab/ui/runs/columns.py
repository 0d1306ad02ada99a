"""The columns of the table of runs: which there are, what each shows of a run and of a group."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from reglab.number_format import NONE, PERCENT, exact, fixed, percent
from reglab.states import FACTS
from reglab.store import Run, RunGroup, RunOrder
from reglab.store import run_table_columns as t
from reglab.store.run_table import SORTABLE
from reglab.ui.runs.run_grid import Cell, GridColumn
from reglab.ui.shared.text import count_of, dataset_label, duration, local_time, loss, model_label

LAMBDA, OTHER, FILTERS, CHOICE = "lambda", "other_lambdas", "zero_filters", "choice"
"""λ of every penalty term, a column each; λ of terms other than L1 and L2; filters at zero; a sweep's choice."""

MOST_CHOICES = 25
"""Sweeps on a page whose choice is shown: each costs some 30 ms when it is first looked at."""


@dataclass(frozen=True)
class RunRow:
    """A run with its ``values`` of the store's table, its validation losses, and how many of its filters are zero."""

    run: Run
    values: Mapping[str, Any]
    curve: Sequence[float] = ()
    filters: str = ""
    zone: str | None = None


@dataclass(frozen=True)
class Column:
    """A column on offer. ``needed`` and ``group_needs``: whether a run or group has such a value; always, where None.

    A column that nothing needs is left out.
    """

    key: str
    label: str
    help: str
    run: Callable[[RunRow], Cell]
    group: Callable[[RunGroup], Cell] = lambda group: ""
    align: Literal["left", "right"] = "right"
    needed: Callable[[RunRow], bool] | None = None
    group_needs: Callable[[RunGroup], bool] = lambda group: False


def _share(key: str, label: str, about: str, **more: Any) -> Column:
    return _figure(key, label, about, percent, **more)


def _nats(key: str, label: str, about: str) -> Column:
    return _figure(key, label, f"{about}, in nats.", lambda value: fixed(value, 3))


def _figure(key: str, label: str, about: str, show: Callable[[float | None], str], **more: Any) -> Column:
    def cell(row: RunRow) -> Cell:
        return finite(row.values[key], show)

    return Column(key, label, about, cell, lambda group: with_error(group, key, show), **more)


def finite(value: float | None, show: Callable[[float | None], str]) -> str:
    return NONE if value is None or not math.isfinite(value) else show(value)


def with_error(group: RunGroup, key: str, show: Callable[[float | None], str]) -> Cell:
    """Mean ± standard error over seeds; n in front where some of the group's runs have no such figure."""
    mean, error, n = group.means[key], group.errors[key], group.counts[key]
    if not n:
        return NONE
    text = show(mean) if math.isnan(error) else f"{show(mean)} ± {show(error)}"
    return text if n == len(group.runs) else f"{text} (n {n})"


def _state(row: RunRow) -> Cell:
    run = row.run
    part = f" {100 * run.epoch // max(run.epochs, 1)}{PERCENT}" if run.state == "running" else ""
    facts = FACTS[run.state]
    return {"state": facts.colour, "text": f"{facts.glyph} {run.label}{part}"}


def _states(group: RunGroup) -> Cell:
    """For example "✓ 26  ∞ 1": in the colour of the only state, or of none."""
    known = {state: FACTS[state] for state in FACTS if state in group.states}
    text = "  ".join(f"{facts.glyph} {group.states[state]:,}" for state, facts in known.items())
    title = ", ".join(f"{group.states[state]:,} {facts.label}" for state, facts in known.items())
    colour = next(iter(known.values())).colour if len(known) == 1 else "gray"
    return {"state": colour, "text": text, "title": title}


def _best(row: RunRow) -> Cell:
    return _at(percent(row.values[t.BEST_ACC]), row.values[t.BEST_ACC_EPOCH])


def _best_loss(row: RunRow) -> Cell:
    return _at(finite(row.values[t.BEST_LOSS], lambda value: fixed(value, 3)), row.values[t.BEST_EPOCH])


def _at(figure: str, epoch: int | None) -> str:
    return NONE if not epoch else f"{figure} @ {epoch}"


def _curve(row: RunRow) -> Cell:
    curve = list(row.curve)
    return {"curve": curve, "text": f"Validation loss from {loss(curve[0])} to {loss(curve[-1])}"} if curve else NONE


def _other(row: RunRow) -> str:
    penalty = row.run.spec.penalty
    named = zip(penalty.strengths, penalty.symbols.items(), strict=True)
    return " ".join(f"{symbol} {exact(value)}" for key, (symbol, value) in named if key not in ("l1", "l2"))


_CATALOGUE = (
    Column(t.STATE, "State", "Of a group: how many of its runs are in each.", _state, _states, "left"),
    Column(LAMBDA, "λ", "", lambda row: ""),
    _share(t.LAST_ACC, "Final acc.", "Validation accuracy at the last epoch."),
    Column(
        t.BEST_ACC,
        "Best acc. @ epoch",
        "Highest validation accuracy of any epoch, and the first epoch with it.",
        _best,
        lambda group: with_error(group, t.BEST_ACC, percent),
    ),
    _share(
        t.TEST_ACC,
        "Test acc.",
        "Accuracy on the test part, of runs of a confirmation that has opened it.",
        needed=lambda row: row.values[t.TEST_ACC] is not None,
        group_needs=lambda group: group.counts[t.TEST_ACC] > 0,
    ),
    Column(
        CHOICE,
        "Best of sweep",
        "Of a sweep that has finished: the λ it chooses by the measure and epoch rule in brackets, and there the mean "
        f"validation accuracy ± SE. Shown for the first {MOST_CHOICES} sweeps of a page; other columns average all λ.",
        lambda row: "",
        lambda group: group.choice,
        "left",
        needed=lambda row: False,
        group_needs=lambda group: bool(group.choice),
    ),
    _nats(t.GAP, "Gap", "Validation − training loss at the last epoch, without penalty"),
    _figure(t.WEIGHT_NORM, "‖w‖", "√Σw² of all weights after the last epoch.", lambda value: fixed(value, 2)),
    _share(t.ZERO_SHARE, "Exact zeros", "Share of weights that are exactly 0 after the last epoch."),
    Column(
        FILTERS,
        "Filters at 0",
        "Filters and dense units whose weights are all exactly 0; the classifier's units do not count.",
        lambda row: row.filters or NONE,
        needed=lambda row: bool(row.filters),
    ),
    _share(t.ACC_AT_BEST, "At best epoch", "Validation accuracy at the epoch of lowest validation loss."),
    Column(
        t.BEST_LOSS,
        "Best loss @ epoch",
        "Lowest validation loss of any epoch, in nats, without penalty, and its epoch: the best epoch.",
        _best_loss,
        lambda group: with_error(group, t.BEST_LOSS, lambda value: fixed(value, 3)),
    ),
    _figure(t.SECONDS, "Duration", "Time spent training.", lambda value: duration(value or 0)),
    Column(t.CURVE, "Val. loss", "Over epochs; each on its own scale.", _curve, align="left"),
    Column(t.DATASET, "Dataset", "", lambda row: dataset_label(row.run.dataset), align="left"),
    Column(t.MODEL, "CNN", "", lambda row: model_label(row.run.model), align="left"),
    Column(t.PENALTY, "Penalty", "", lambda row: row.run.penalty, align="left"),
    Column(t.EPOCH, "Epochs", "Epochs done / planned.", lambda row: f"{row.run.epoch} / {row.run.epochs}"),
    Column(t.CREATED, "Created", "", lambda row: local_time(row.run.created, row.zone)[:16], align="left"),
    Column(t.TAGS, "Tags", "", lambda row: {"tags": list(row.run.tags)} if row.run.tags else "", align="left"),
    _nats(t.TOTAL, "J", "Data loss + penalty at the last epoch"),
    _nats(t.DATA_LOSS, "Data loss", "On training images, at the last epoch"),
    _nats(t.L1_PART, "L1 part", "λ₁ Σ|w| at the last epoch"),
    _nats(t.L2_PART, "L2 part", "(λ₂/2) Σw² at the last epoch"),
)
COLUMNS: Mapping[str, Column] = {column.key: column for column in _CATALOGUE}
"""The columns on offer by key, in the order of the table."""

_LAMBDAS = (
    Column(
        t.LAMBDA1,
        "λ₁",
        "L1: λ₁ Σ|w|.",
        lambda row: exact(row.run.l1),
        lambda group: same_lambda(group, t.LAMBDA1),
        needed=lambda row: bool(row.run.l1),
        group_needs=lambda group: group.means[t.LAMBDA1] > 0,
    ),
    Column(
        t.LAMBDA2,
        "λ₂",
        "L2: (λ₂/2) Σw².",
        lambda row: exact(row.run.l2),
        lambda group: same_lambda(group, t.LAMBDA2),
        needed=lambda row: bool(row.run.l2),
        group_needs=lambda group: group.means[t.LAMBDA2] > 0,
    ),
    Column(
        OTHER,
        "Other λ",
        "λ of penalty terms other than L1 and L2.",
        lambda row: _other(row) or NONE,
        align="left",
        needed=lambda row: bool(_other(row)),
    ),
)

DEFAULT: tuple[str, ...] = (
    t.STATE, t.MODEL, LAMBDA, t.LAST_ACC, t.BEST_ACC, t.TEST_ACC, CHOICE, t.GAP, t.WEIGHT_NORM, t.ZERO_SHARE, FILTERS,
    t.SECONDS, t.CURVE, t.DATASET, t.CREATED, t.TAGS,
)  # fmt: skip
"""The columns of a first visit; those that no run needs are left out."""


def same_lambda(group: RunGroup, key: str) -> Cell:
    """λ where all runs of the group have the same one."""
    return exact(group.means[key]) if group.by == "lambda" else ""


def chosen(keys: Sequence[str], rows: Sequence[RunRow], groups: Sequence[RunGroup], order: RunOrder) -> list[Column]:
    """The columns ``keys`` in the order of the catalogue, without those that nothing shown needs.

    λ is a column for each term that applies, λ₂ at least. The column of the ``order`` stays.
    """

    def kept(column: Column) -> bool:
        if column.needed is None or column.key == order.column:
            return True
        return any(map(column.needed, rows)) or any(map(column.group_needs, groups))

    found: list[Column] = []
    for column in (column for key, column in COLUMNS.items() if key in keys):
        if column.key == LAMBDA:
            found += [one for one in _LAMBDAS if kept(one)] or [_LAMBDAS[1]]
        elif kept(column):
            found.append(column)
    return found


def head(column: Column | None, order: RunOrder) -> GridColumn:
    """The head of ``column``, of the name without one, with an arrow where the table is in its order."""
    key, label, about = (column.key, column.label, column.help) if column else (t.NAME, "Name", "")
    sort: Any = ("descending" if order.descending else "ascending") if order.column == key else ""
    return GridColumn(key, label, about, column.align if column else "left", sort, key in SORTABLE)


def amount(group: RunGroup) -> str:
    """For example "27 runs, 3 seeds"."""
    seeds = f", {count_of(group.seeds, 'seed')}" if len(group.runs) > 1 else ""
    return count_of(len(group.runs), "run") + seeds
