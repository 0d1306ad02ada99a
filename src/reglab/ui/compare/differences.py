"""The view Differences: the settings in which the runs differ, and their figures against a baseline."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from reglab.analysis.run_differences import RunDifferences
from reglab.exports.csv import csv_bytes
from reglab.jobs.run_comparing import AT_BEST, EPOCHS, PENALTY, SECONDS, SHARES, compare_runs
from reglab.number_format import NONE, exact, fixed, percent, points, short
from reglab.ui.compare.data import Selection
from reglab.ui.compare.state import choice
from reglab.ui.shared.spec_fields import SETTINGS, title
from reglab.ui.shared.text import count_of, dataset_label, duration, literal, model_label, optimizer_label

HELP = (
    "Only the settings in which any two runs differ. Figures are those of the last epoch on the validation images "
    "unless they say otherwise; at best: the epoch of lowest validation loss. **Δ** is the figure less that of the "
    "baseline. Two single runs differ by chance, too: another seed moves an accuracy by a point or more, so compare "
    "sweeps over seeds, or the images in **Errors**, before you call one of them better."
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
    EPOCHS: "Epochs",
    SECONDS: "Duration",
}
_WITHOUT_CHANGE = (AT_BEST + "epoch", EPOCHS, SECONDS)
_LABELS = {"data.name": dataset_label, "model.name": model_label, "optim.name": optimizer_label}


class Shown(NamedTuple):
    """The table as it is read, a row a run, and as CSV at full precision."""

    table: pd.DataFrame
    csv: bytes


def differences_view(selection: Selection) -> None:
    """The baseline, the table, and its CSV."""
    names = {run_id: style.label for run_id, style in selection.styles(grouped=False).items()}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("**Baseline**", width="content", help=HELP)
        baseline = choice("baseline", "Baseline", names, width=320)
        place = st.container(width="content")
    found = compare_runs(selection.runs, baseline)
    csv: dict[str, Any] = {"file_name": "differences.csv", "mime": "text/csv", "icon": ":material/download:"}
    place.download_button("CSV", lambda: csv_of(found), **csv, key="compare_csv", on_click="ignore")
    st.caption(summary(found))
    table = readable(found, names)
    height: Any = HEAD + ROW * MOST_ROWS if len(table) > MOST_ROWS else "auto"
    look = {"Run": st.column_config.TextColumn("Run", pinned=True, width=200)}
    about = "Runs with the settings that differ, their figures, and the changes against the baseline"
    st.dataframe(table, hide_index=True, height=height, column_config=look, alt=about)


def summary(found: RunDifferences) -> str:
    """For example "2 runs differ in 1 setting: L2 strength λ₂."."""
    runs = count_of(len(found.runs), "run")
    if not found.settings:
        return f"{runs} with the same settings." if len(found.runs) > 1 else "One run: add another one to compare."
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


def csv_of(found: RunDifferences) -> bytes:
    """Ids, names, dotted settings, figures, and "delta.…", all at full precision; empty where not known."""
    rows = [
        {
            "run": one.run,
            "name": one.name,
            **{key: json.dumps(value) if isinstance(value, dict) else value for key, value in one.settings.items()},
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
