"""The table of runs on screen: one row a run, a tick box in front, sorted by clicks on the columns' heads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import pandas as pd
import streamlit as st

from reglab.number_format import PERCENT, exact, fixed, percent
from reglab.states import State
from reglab.store import RunOrder
from reglab.store import run_table_columns as t
from reglab.ui.shared.tables import BADGES

_IN_NATS = (t.GAP, t.TOTAL, t.DATA_LOSS, t.L1_PART, t.L2_PART)
_SHOWN = (
    t.NAME, t.STATE, t.DATASET, t.MODEL, t.PENALTY, t.LAMBDA1, t.LAMBDA2, t.BEST_ACC, t.BEST_ACC_EPOCH, t.GAP, t.CURVE,
    t.SECONDS, t.EPOCH, t.CREATED, t.TAGS, t.TOTAL, t.DATA_LOSS, t.L1_PART, t.L2_PART,
)  # fmt: skip


# Streamlit keeps an element that has the keyboard's focus until a rerun ends: after a click on a column's head, the old
# table would flash below the new one. Its own search and download know one page only, and the download writes a name
# like =HYPERLINK(…) as a formula; the page has a search and a CSV of its own.
_STYLE = """<style>
[class*="st-key-runs_table_"][data-retained],
[class*="st-key-runs_table_"] [data-testid="stElementToolbarButton"]:has(
  button[aria-label^="Download"], button[aria-label^="Search"]
) { display: none !important; }
</style>"""


def draw_table(table: pd.DataFrame, order: RunOrder, *, key: str, preset: Sequence[int]) -> None:
    """The rows of ``table``, in ``order``; rows ``preset`` are ticked when a table with a new ``key`` appears."""
    st.html(_STYLE)
    st.dataframe(
        _displayed(table), key=key, on_select="rerun", selection_mode=("multi-row", "single-column"),
        selection_default={"selection": {"rows": list(preset)}}, hide_index=True, placeholder="–",
        column_order=_SHOWN, column_config=_headed(_config(table), order), alt="Runs with their settings and results",
    )  # fmt: skip


def _displayed(table: pd.DataFrame) -> pd.DataFrame:
    """``table`` with units as people read them: per cent, durations, one badge for the state."""
    return pd.DataFrame(
        {
            **{name: table[name] for name in (t.NAME, t.DATASET, t.MODEL, t.PENALTY)},
            **{name: table[name].map(exact) for name in (t.LAMBDA1, t.LAMBDA2)},
            t.STATE: [[state] for state in _states(table)],
            t.EPOCH: [f"{epoch} / {epochs}" for epoch, epochs in _epochs(table)],
            t.BEST_ACC: table[t.BEST_ACC].map(percent),
            **{name: table[name] for name in (t.BEST_ACC_EPOCH, t.CURVE, t.CREATED, t.TAGS)},
            **{name: [fixed(value, 3) for value in table[name]] for name in _IN_NATS},
            t.SECONDS: pd.to_timedelta(table[t.SECONDS].round(), unit="s"),
        }
    )


def _states(table: pd.DataFrame) -> list[str]:
    """Each run's state; for example "running 40 %"."""
    return [
        f"running {100 * epoch // epochs}{PERCENT}" if state == "running" else state
        for state, (epoch, epochs) in zip(table[t.STATE].tolist(), _epochs(table), strict=True)
    ]


def _epochs(table: pd.DataFrame) -> Iterable[tuple[int, int]]:
    """Epochs done and planned, a pair for each run."""
    return zip(table[t.EPOCH].tolist(), table[t.EPOCHS].tolist(), strict=True)


def _state(text: str) -> State:
    return cast("State", text.partition(" ")[0])


def _headed(config: dict[str, Any], order: RunOrder) -> dict[str, Any]:
    """``config`` with an arrow in the head of the column that the rows are sorted by."""
    arrow = "↓" if order.descending else "↑"
    if order.column in config:
        config[order.column]["label"] += f" {arrow}"
    return config


def _config(table: pd.DataFrame) -> dict[str, Any]:
    column = st.column_config
    tags = sorted({tag for tags in table[t.TAGS] for tag in tags}, key=str.casefold)
    states = list(dict.fromkeys(_states(table)))
    return {
        t.NAME: column.TextColumn("Name", width=184, pinned=True),
        t.STATE: column.MultiselectColumn(
            "State",
            options=states,
            color=[BADGES[_state(state)][2] for state in states],
            width=116,
            format_func=lambda state: f"{BADGES[_state(state)][1]} {state}",
        ),
        t.EPOCH: column.TextColumn("Epochs", width=64, alignment="right", help="Epochs done / planned."),
        t.DATASET: column.TextColumn("Dataset", width=100),
        t.MODEL: column.TextColumn("CNN", width=86),
        t.PENALTY: column.TextColumn("Penalty", width=80),
        t.LAMBDA1: column.TextColumn("λ₁", alignment="right", width=66, help="L1: λ₁ Σ|w|."),
        t.LAMBDA2: column.TextColumn("λ₂", alignment="right", width=66, help="L2: (λ₂/2) Σw²."),
        t.BEST_ACC: column.TextColumn(
            "Best acc.", alignment="right", width=74, help="Highest validation accuracy of any epoch."
        ),
        t.BEST_ACC_EPOCH: column.NumberColumn("at", format="%d", width=42, help="The first epoch with that accuracy."),
        t.GAP: column.TextColumn(
            "Gap",
            alignment="right",
            width=62,
            help="Validation − training loss at the last epoch, in nats, no penalty.",
        ),
        t.CURVE: column.LineChartColumn("Val. loss", width=96, help="Over epochs; each on its own scale."),
        t.SECONDS: column.NumberColumn("Duration", format="localized", width=100, help="Time spent training."),
        t.CREATED: column.DatetimeColumn("Created", format="distance", width=110, timezone=st.context.timezone),
        t.TAGS: column.MultiselectColumn("Tags", options=tags, color="primary", width=130),
        **_objective(),
    }


def _objective() -> dict[str, Any]:
    """J and its parts, behind the other columns: they compare runs of one λ, not of several."""
    column, at = st.column_config, "at the last epoch, in nats."
    return {
        t.TOTAL: column.TextColumn("J", alignment="right", width=62, help=f"Data loss + L1 part + L2 part {at}"),
        t.DATA_LOSS: column.TextColumn("Data loss", alignment="right", width=78, help=f"On training images, {at}"),
        t.L1_PART: column.TextColumn("L1 part", alignment="right", width=66, help=f"λ₁ Σ|w| {at}"),
        t.L2_PART: column.TextColumn("L2 part", alignment="right", width=66, help=f"(λ₂/2) Σw² {at}"),
    }
