"""The view Differences: the settings in which the runs differ, and their figures against a baseline."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from reglab.analysis.group_differences import GroupFigure
from reglab.analysis.paired import PairedDifference
from reglab.analysis.run_differences import RunDifferences
from reglab.exports.csv import csv_bytes
from reglab.jobs.run_comparing import AT_BEST, EPOCHS, PENALTY, SECONDS, SHARES, compare_groups, compare_runs
from reglab.number_format import NONE, exact, fixed, percent, points, short
from reglab.ui.compare.data import Selection
from reglab.ui.compare.query import SEEDS, SERIES
from reglab.ui.compare.state import choice, switch
from reglab.ui.shared.spec_fields import SETTINGS, title
from reglab.ui.shared.text import count_of, dataset_label, duration, literal, model_label, optimizer_label

HELP = (
    "Only the settings in which any two runs differ. Figures are those of the last epoch on the validation images "
    "unless they say otherwise; at best: the epoch of lowest validation loss. **Δ** is the figure less that of the "
    "baseline.  \n"
    "**Groups** are runs that differ in their seed, fold or block alone: mean ± one standard error, and Δ paired by "
    "seed with Nadeau and Bengio's corrected 95 % interval, from three common seeds on. Intervals are not adjusted for "
    "the number of groups. Two single runs differ by chance, too: another seed can move an accuracy by points."
)
ROW, HEAD, MOST_ROWS = 35, 38, 16
"""Pixels of a row and of the head of the table; rows that are shown without scrolling."""

_NAMES: Mapping[str, str] = {
    "val_acc": "Accuracy",
    "val_loss": "Loss",
    "train_acc": "Train. acc.",
    "train_loss": "Train. loss",
    "gap_acc": "Gap, points",
    "gap_loss": "Gap, nats",
    "total": "J",
    PENALTY: "Penalty",
    AT_BEST + "epoch": "Best epoch",
    AT_BEST + "val_acc": "Acc. at best",
    AT_BEST + "val_loss": "Loss at best",
    EPOCHS: "Epochs done",
    SECONDS: "Duration",
}
_WITHOUT_CHANGE = (AT_BEST + "epoch", EPOCHS, SECONDS)
_LABELS = {"data.name": dataset_label, "model.name": model_label, "optim.name": optimizer_label}


def differences_view(selection: Selection) -> None:
    """The baseline, the table, and its CSV: of groups where there are any, else of runs."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        grouped = selection.has_groups and switch("series", "Rows", SERIES) == "groups"
        names = {run_id: style.label for run_id, style in selection.styles(grouped=grouped).items()}
        st.markdown("**Baseline**", width="content", help=HELP)
        baseline = choice("baseline", "Baseline", names, width=320)
        place = st.container(width="content")
    if grouped:
        firsts = [own[0] for own in selection.members.values()]
        groups = compare_groups(list(selection.members.values()), baseline)
        found = without_seeds(compare_runs(firsts, baseline))
        table, csv = readable_groups(found, groups, names), partial(csv_of_groups, found, groups)
    else:
        found = compare_runs(selection.runs, baseline)
        table, csv = readable(found, names), partial(csv_of, found)
    look: dict[str, Any] = {"file_name": "differences.csv", "mime": "text/csv", "icon": ":material/download:"}
    place.download_button("CSV", csv, **look, key="compare_csv", on_click="ignore")
    st.caption(summary(found, "group" if grouped else "run"))
    height: Any = HEAD + ROW * MOST_ROWS if len(table) > MOST_ROWS else "content"
    pinned = {"Run": st.column_config.TextColumn("Run", pinned=True, width=200)}
    about = "Settings that differ, figures, and changes against the baseline"
    st.dataframe(table, hide_index=True, height=height, column_config=pinned, alt=about)


def without_seeds(found: RunDifferences) -> RunDifferences:
    """``found`` without the settings in which the runs of a group may differ."""
    return replace(found, settings=tuple(key for key in found.settings if key not in SEEDS))


def summary(found: RunDifferences, thing: str = "run") -> str:
    """For example "2 runs differ in 1 setting: λ₂ (L2)."."""
    runs = count_of(len(found.runs), thing)
    if not found.settings:
        return f"{runs} with the same settings." if len(found.runs) > 1 else f"One {thing}: add another one to compare."
    listed = ", ".join(literal(setting_title(key)) for key in found.settings)
    return f"{runs} differ in {count_of(len(found.settings), 'setting')}: {listed}."


def readable(found: RunDifferences, names: Mapping[str, str]) -> pd.DataFrame:
    """A row a run: its name, the settings, each figure, and its Δ."""
    columns: dict[str, list[str]] = {"Run": [names.get(one.run, one.name) for one in found.runs]}
    for key in found.settings:
        columns[setting_title(key)] = [setting_text(key, one.settings[key]) for one in found.runs]
    for name in found.figures:
        columns[figure_title(name)] = [figure_text(name, one.figures[name]) for one in found.runs]
        if name not in _WITHOUT_CHANGE:
            changes = [
                "baseline" if one.run == found.baseline else change_text(name, one.changes[name]) for one in found.runs
            ]
            columns[f"Δ {figure_title(name)}"] = changes
    return pd.DataFrame(columns)


def readable_groups(
    found: RunDifferences, groups: Mapping[str, Mapping[str, GroupFigure]], names: Mapping[str, str]
) -> pd.DataFrame:
    """A row a group: its name, its runs, the settings, and of each figure mean ± standard error and paired Δ."""
    columns: dict[str, list[str]] = {"Run": [names.get(one.run, one.name) for one in found.runs]}
    columns["Runs"] = [str(max(own.runs for own in groups[one.run].values())) for one in found.runs]
    for key in found.settings:
        columns[setting_title(key)] = [setting_text(key, one.settings[key]) for one in found.runs]
    for name in found.figures:
        if name not in _WITHOUT_CHANGE:
            own = [groups[one.run][name] for one in found.runs]
            columns[figure_title(name)] = [_mean_text(name, figure) for figure in own]
            columns[f"Δ {figure_title(name)}"] = [
                "baseline" if one.run == found.baseline else _paired_text(name, figure.difference)
                for one, figure in zip(found.runs, own, strict=True)
            ]
    return pd.DataFrame(columns)


def _mean_text(name: str, figure: GroupFigure) -> str:
    """For example "91.2 % ± 0.4"."""
    error = figure.error
    spread = "" if error is None else f" ± {points(error, sign=False) if name in SHARES else short(error, 2)}"
    return figure_text(name, figure.mean) + spread


def _paired_text(name: str, found: PairedDifference | None) -> str:
    """For example "+1.8 [0.4, 3.2]"; without an interval for fewer than three common seeds."""
    if found is None:
        return NONE
    ends = "" if found.low is None or found.high is None else f" [{_bare(name, found.low)}, {_bare(name, found.high)}]"
    return change_text(name, found.value) + ends


def _bare(name: str, value: float) -> str:
    return points(value, sign=False) if name in SHARES else fixed(value, 4)


def csv_of_groups(found: RunDifferences, groups: Mapping[str, Mapping[str, GroupFigure]]) -> bytes:
    """Id of the first run, name, settings; of each figure the mean, "….se", "….n", "delta.…", "….low" and "….high"."""
    rows = []
    for one in found.runs:
        row: dict[str, Any] = {"run": one.run, "name": one.name, **_cells(one.settings)}
        for name, figure in groups[one.run].items():
            row |= {name: figure.mean, f"{name}.se": figure.error, f"{name}.n": figure.runs}
            delta = figure.difference
            row |= {f"delta.{name}": delta and delta.value, f"delta.{name}.low": delta and delta.low}
            row |= {f"delta.{name}.high": delta and delta.high}
        rows.append(row)
    return csv_bytes(pd.DataFrame(rows, dtype=object))


def _cells(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: json.dumps(value) if isinstance(value, dict) else value for key, value in settings.items()}


def csv_of(found: RunDifferences) -> bytes:
    """Ids, names, dotted settings, figures, and "delta.…", all at full precision; empty where not known."""
    rows = [
        {
            "run": one.run,
            "name": one.name,
            **_cells(one.settings),
            **one.figures,
            **{f"delta.{name}": value for name, value in one.changes.items()},
        }
        for one in found.runs
    ]
    return csv_bytes(pd.DataFrame(rows, dtype=object))


def setting_text(key: str, value: Any) -> str:
    """A setting as pages write it."""
    if value is None:
        return NONE
    if key in _LABELS:
        return _LABELS[key](str(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return exact(value) if isinstance(value, int | float) else str(value)


def figure_text(name: str, value: float | None) -> str:
    """A figure in its unit: shares in per cent, gaps of accuracy in points, losses in nats."""
    if value is None:
        return NONE
    if name == "gap_acc":
        return points(value, sign=False)
    if name in SHARES:
        return percent(value)
    if name == SECONDS:
        return duration(value)
    return str(value) if isinstance(value, int) else short(value, 3)


def change_text(name: str, value: float | None) -> str:
    """A Δ with its sign: shares in points."""
    if value is None:
        return NONE
    return points(value) if name in SHARES else fixed(value, 4, sign=True)


def setting_title(key: str) -> str:
    """The name of a setting on the page; the key itself where no field has it (any more)."""
    return title(key) if key in SETTINGS else key


def figure_title(name: str) -> str:
    """The name of a figure as a column's head."""
    return _NAMES.get(name, name)
