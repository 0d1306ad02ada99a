"""The rows of the table of runs: a page of runs or of groups, the runs of open groups, and the ticked runs on top."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import streamlit as st

from reglab import columns
from reglab.analysis.zero_filters import zero_filters
from reglab.charts.run_colours import colour_of_run
from reglab.content.run_text import identity_of
from reglab.errors import RegLabError
from reglab.number_format import NONE
from reglab.states import ACTIVE
from reglab.store import Run, RunCounts, RunFilter, RunGroup, RunGroups, Store, Unreadable
from reglab.store.run_filter import SWEEP_GROUPS
from reglab.ui.runs.columns import CHOICE, MOST_CHOICES, Column, RunRow, amount, chosen, head
from reglab.ui.runs.run_grid import GridColumn, GridRow
from reglab.ui.runs.state import RunsState
from reglab.ui.shared.memo import shared_frame
from reglab.ui.shared.services import process_wide
from reglab.ui.shared.sweep_choice import choice_of
from reglab.ui.shared.text import model_label

PAGE = 100
"""Rows on a page, without those of open groups."""

MOST_PINNED, MOST_OPEN = 50, 100
"""Ticked runs that stand on top, and runs of an open group that are shown."""

_KEPT = 20_000  # curves
_Curves = dict[tuple[str, object, int], list[float]]


@dataclass(frozen=True)
class Table:
    """What the browser draws, and the runs on the page that cannot be read."""

    columns: list[GridColumn]
    rows: list[GridRow]
    pinned: list[GridRow]
    unreadable: list[Unreadable]


def groups_on(store: Store, state: RunsState, wanted: RunFilter, every: RunCounts) -> RunGroups | None:
    """The groups of the runs that match, None in a table without groups; ``every`` counts all runs, for caching."""
    if state.grouping == "none":
        return None
    figures = shared_frame((store.home, "run figures", every.moved), store.run_figures)
    if every.states.get("running"):
        running = store.run_figures(("running",))  # their figures move, and all others stand still
        figures = pd.concat([figures.drop(running.index, errors="ignore"), running])
    return store.run_groups(state.grouping, wanted, state.order, figures=figures)


def table_rows(
    store: Store, state: RunsState, wanted: RunFilter, found: RunCounts, groups: RunGroups | None, first: int
) -> Table:
    """The page that starts at row number ``first``; ``found`` counts the runs that match ``wanted``.

    While runs only make progress, the rows keep their places, so that none moves under the pointer.
    """
    basis = (state.order, wanted, state.grouping, first, found.moved)
    if basis != state.basis:
        state.basis = basis
        keys = groups.keys[first : first + PAGE] if groups else None
        state.page = tuple(store.run_ids(wanted, state.order, offset=first, limit=PAGE)) if keys is None else keys
    shown = [] if groups is None else store.name_groups(groups.at(state.page))
    shown = _with_choices(store, shown) if CHOICE in state.columns and state.grouping == "sweep" else shown
    state.members = {group.key: group.runs for group in shown}
    state.shown = state.page if groups is None else tuple(run for group in shown for run in group.runs)
    singles = state.page if groups is None else tuple(group.key for group in shown if group.single)
    opened = [run for group in shown if group.key in state.opened for run in group.runs[:MOST_OPEN]]
    runs, unreadable = _read(store, [*singles, *opened, *state.ticked[:MOST_PINNED]])
    real = [group for group in shown if not group.single]
    kept = chosen(state.columns, list(runs.values()), real, state.order)
    heads = [head(None, state.order), *(head(column, state.order) for column in kept)]
    draw = _Drawing(runs, kept, frozenset(state.ticked))
    rows = draw.runs(state.page) if groups is None else draw.groups(shown, state.opened)
    return Table(heads, rows, _pinned(draw, state.ticked), unreadable)


def _with_choices(store: Store, shown: Sequence[RunGroup]) -> list[RunGroup]:
    """The groups, the first MOST_CHOICES finished sweeps among them with what they choose."""
    wanted = [group.key for group in shown if group.key.startswith(SWEEP_GROUPS) and ACTIVE.isdisjoint(group.states)]
    texts = {key: _choice(store, key.removeprefix(SWEEP_GROUPS)) for key in wanted[:MOST_CHOICES]}
    return [replace(group, choice=texts.get(group.key, "")) for group in shown]


def _choice(store: Store, sweep_id: str) -> str:
    try:
        sweep = store.sweep(sweep_id)
        choice = choice_of(store, sweep) if sweep.state == "finished" else None
    except RegLabError:  # it is gone, or has a run that cannot be read, which the list below the table explains
        return NONE
    return choice.text if choice else NONE


def _pinned(draw: _Drawing, ticked: Sequence[str]) -> list[GridRow]:
    rows = draw.runs(ticked[:MOST_PINNED])
    left = len(ticked) - MOST_PINNED
    return [*rows, GridRow("more", "", f"and {left:,} more selected", kind="more")] if left > 0 else rows


@dataclass(frozen=True)
class _Drawing:
    """``found`` runs in these ``columns``."""

    found: Mapping[str, RunRow]
    columns: Sequence[Column]
    ticked: frozenset[str]

    def runs(self, ids: Iterable[str], level: int = 1) -> list[GridRow]:
        return [self._run(self.found[run], level) for run in ids if run in self.found]

    def groups(self, groups: Sequence[RunGroup], opened: Sequence[str]) -> list[GridRow]:
        """Each group, and below an open one its runs."""
        rows: list[GridRow] = []
        for group in groups:
            if group.single:
                rows += self.runs([group.key])
                continue
            open_ = group.key in opened
            rows.append(self._group(group, open_))
            rows += self.runs(group.runs[:MOST_OPEN], level=2) if open_ else []
            if open_ and len(group.runs) > MOST_OPEN:
                left = f"and {len(group.runs) - MOST_OPEN:,} more; the filter finds them"
                rows.append(GridRow(f"more {group.key}", "", left, kind="more", level=2))
        return rows

    def _run(self, row: RunRow, level: int) -> GridRow:
        run = row.run
        cells = [column.run(row) for column in self.columns]
        tick = int(run.id in self.ticked)
        return GridRow(run.id, run.id, run.name, cells, level=level, tick=tick, dot=colour_of_run(identity_of(run, "")))

    def _group(self, group: RunGroup, open_: bool) -> GridRow:
        cells = [column.group(group) for column in self.columns]
        number = len(self.ticked.intersection(group.runs)) if self.ticked else 0
        tick = 0 if not number else 1 if number == len(group.runs) else 2
        name = model_label(group.key) if group.by == "cnn" else group.label
        look: dict[str, Any] = {"kind": "group", "open": open_, "tick": tick, "beside": amount(group)}
        return replace(GridRow(f"group {group.key}", group.key, name, cells), **look)


def _read(store: Store, ids: Sequence[str]) -> tuple[dict[str, RunRow], list[Unreadable]]:
    """The runs with all that their cells show, and those that cannot be read."""
    found = store.every_run_of(list(dict.fromkeys(ids)))
    runs = [run for run in found if isinstance(run, Run)]
    values, curves, filters = store.row_values(runs), _curves(store, runs), _filters(store, runs)
    zone = st.context.timezone
    rows = {
        run.id: RunRow(run, own, curve, filters.get(run.id, ""), zone)
        for run, own, curve in zip(runs, values, curves, strict=True)
    }
    return rows, [run for run in found if isinstance(run, Unreadable)]


def _filters(store: Store, runs: Sequence[Run]) -> dict[str, str]:
    """Run → "22 of 88" filters are exactly 0, where the penalty can do that."""
    lassos = [run.id for run in runs if run.spec.penalty.zeroes_filters and run.epoch]
    layers = store.layers(lassos, latest=True) if lassos else pd.DataFrame(columns=list(columns.LAYER_COLUMNS))
    counts = {str(run): zero_filters(found) for run, found in layers.groupby(columns.RUN, sort=False)}
    return {run: f"{found[0]:,} of {found[1]:,}" for run, found in counts.items() if found}


def _curves(store: Store, runs: Sequence[Run]) -> list[list[float]]:
    """Finite validation losses of each run; they are read once for all visitors until they grow."""
    kept: _Curves = process_wide("run_curves", dict)
    if len(kept) > _KEPT:
        kept.clear()
    keys = [(run.id, run.created, run.epoch) for run in runs]
    curves = {key: kept.get(key) if key[2] else [] for key in keys}
    new = {key[0]: key for key, curve in curves.items() if curve is None}
    for run, losses in store.sparklines(list(new), columns.VAL_LOSS).items():
        curves[new[run]] = kept[new[run]] = [float(f"{loss:.4g}") for loss in losses if math.isfinite(loss)]
    return [curves[key] or [] for key in keys]
