"""The table of runs: the filter above it, a page of its rows, and how they are displayed.

Runs of claims and sweeps come by the dozen, small and alike: a switch shows them, or a link that names one of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pandas as pd
import streamlit as st

from reglab import columns
from reglab.analysis.zero_filters import zero_filters
from reglab.datasets import DATASETS
from reglab.models import MODELS
from reglab.number_format import PERCENT, exact, fixed, percent
from reglab.penalties import PENALTIES
from reglab.spec import PenaltySpec
from reglab.states import FACTS
from reglab.store import Run, RunChoices, RunCounts, RunFilter, RunOrder, Store, Unreadable
from reglab.store import run_table_columns as t
from reglab.store.run_filter import LESSON_GROUPS, SWEEP_GROUPS, TEXT_LENGTH
from reglab.store.run_table import table_of
from reglab.ui.runs.state import RunsState, show
from reglab.ui.shared.services import process_wide
from reglab.ui.shared.text import dataset_label, model_label

PAGE = 100
"""Rows on a page."""

LAMBDAS, FILTERS, LABEL = "other_lambdas", "zero_filters", "state_label"
"""Columns that the table has where a run on the page needs them."""

CHOICES = ("states", "datasets", "models", "penalties", "tags")
_BOUND: dict[str, Any] = {"bind": "query-params", "persist_state": "session"}


# Filter


@dataclass(frozen=True)
class Kind:
    """Runs behind a switch: ``key`` is the widget and its query parameter, ``groups`` the prefix of their groups."""

    key: str
    groups: str
    label: str
    origin: str


KINDS = (
    Kind("lessons", LESSON_GROUPS, "runs of claims", "claims on Learn"),
    Kind("paths", SWEEP_GROUPS, "runs of sweeps", "sweeps"),
)


def filter_bar(present: RunChoices, without: frozenset[str]) -> RunFilter:
    """Draw the filter, whose values are in the query; runs whose group begins with one of ``without`` are left out."""
    _follow_older_links()
    with st.grid(6, min_column_width=150, gap="small"):
        look: dict[str, Any] = {"type": "search", "live": "300ms", "max_chars": TEXT_LENGTH}
        text = st.text_input("Search", key="find", **look, **_shown_as("Search"))
        chosen: dict[str, Sequence[str]] = {
            "states": [_STATES[label] for label in _choice("states", "State", [*_STATES]) if label in _STATES],
            "datasets": _choice("datasets", "Dataset", _names(DATASETS.names(), present.datasets)),
            "models": _choice("models", "CNN", _names(MODELS.names(), present.models)),
            "penalties": _choice("penalties", "Penalty", _penalties()),
            "tags": _choice("tags", "Tag", present.tags),
        }
    return RunFilter(text=text, without=without, **{name: frozenset(values) for name, values in chosen.items()})


_STATES = {facts.label: state for state, facts in FACTS.items()}
"""Label → state."""

_OLDER: dict[str, str] = {state: facts.label for state, facts in FACTS.items()}
"""State → label: older links name the states themselves."""


def _follow_older_links() -> None:
    """?states=cancelled is ?states=stopped."""
    given = st.query_params.get_all("states")
    labels = [_OLDER.get(value, value) for value in given]
    if labels != given:
        st.query_params["states"] = labels
        st.session_state["states"] = labels


def clear_filter() -> None:
    """Callback: show every run again."""
    st.session_state.update({"find": "", **{key: [] for key in CHOICES}})


def _names(registered: Sequence[str], present: Sequence[str]) -> list[str]:
    """The registry's names in its order, then those that only old runs have."""
    return [*registered, *sorted(set(present) - set(registered))]


def _penalties() -> list[str]:
    """The labels of all sums of penalty terms, by their number of terms: "none", "L1", …, "elastic net"."""
    terms = PENALTIES.names()
    sums = (keys for count in range(len(terms) + 1) for keys in combinations(terms, count))
    return [PenaltySpec(**{key: float(key in keys) for key in terms}).label for keys in sums]


def _choice(key: str, label: str, options: Sequence[str]) -> list[str]:
    """Any of ``options``; a chosen value that no run has any more stays until it is removed."""
    gone = [value for value in st.session_state.get(key, []) if value not in options]
    # Without labels for the options: a link holds them as they are displayed, ?datasets=digits.
    return st.multiselect(label, [*options, *gone], key=key, **_shown_as(label))


def _shown_as(label: str) -> dict[str, Any]:
    """A field bound to the query that shows its label inside, while it is empty."""
    return {"placeholder": label, "label_visibility": "collapsed", **_BOUND}


def hidden(store: Store, linked: Sequence[str]) -> frozenset[str]:
    """Group prefixes of the kinds whose switch is off; a link (``linked`` run ids) switches its kind on."""
    undecided = [kind for kind in KINDS if kind.key not in st.session_state and kind.key not in st.query_params]
    named = store.runs_of(linked) if undecided and linked else []
    for kind in undecided:
        if any((run.group or "").startswith(kind.groups) for run in named):
            st.session_state[kind.key] = True
    return frozenset(kind.groups for kind in KINDS if not _shown(kind))


def _shown(kind: Kind) -> bool:
    return bool(st.session_state.get(kind.key, st.query_params.get(kind.key) == "true"))


def seen(runs: Sequence[Run], without: frozenset[str]) -> list[Run]:
    """Those of ``runs`` that are not hidden."""
    return [run for run in runs if not (run.group or "").startswith(tuple(without))]


def switches(counts: Mapping[str, int]) -> None:
    """A switch for each kind that has runs; ``counts``: group prefix → number of runs."""
    for kind in KINDS:
        if count := counts.get(kind.groups, 0):
            st.toggle(f"Show {kind.label} ({count:,})", key=kind.key, **_BOUND)


def origins(counts: Mapping[str, int]) -> str:
    """Where the hidden runs come from, for example "claims on Learn and sweeps"."""
    return " and ".join(kind.origin for kind in KINDS if counts.get(kind.groups))


# A page of rows

_KEPT = 20_000  # curves
_Curves = dict[tuple[str, object, int], list[float]]


@dataclass(frozen=True)
class RunPage:
    """The rows of a page, and the runs on it that cannot be read."""

    rows: pd.DataFrame
    unreadable: list[Unreadable]


def page_of_runs(store: Store, state: RunsState, wanted: RunFilter, counts: RunCounts, first: int) -> RunPage:
    """The page that starts at run number ``first``; ``counts`` are those of the runs that match ``wanted``.

    While runs only make progress, the rows keep their places, so that none moves under the pointer.
    """
    basis = (state.order, wanted, first, counts.moved)
    found = store.every_run_of(state.page) if basis == state.basis else []
    if len(found) < len(state.page) or basis != state.basis:
        state.page = tuple(store.run_ids(wanted, state.order, offset=first, limit=PAGE))
        found = store.every_run_of(state.page)
    runs = [run for run in found if isinstance(run, Run)]
    rows = _with_other_terms(store, runs, table_of(runs).assign(**{LABEL: [run.label for run in runs]}))
    show(state, tuple(rows[t.RUN]), basis)
    return RunPage(_with_curves(store, rows), [run for run in found if isinstance(run, Unreadable)])


def _with_other_terms(store: Store, runs: Sequence[Run], rows: pd.DataFrame) -> pd.DataFrame:
    """``rows`` with LAMBDAS ("λᴳ 0.01") and FILTERS ("22 of 88"), each where one of ``runs`` has such a value."""
    lambdas, lassos = dict[str, str](), list[str]()
    for run in runs:
        penalty = run.spec.penalty
        named = zip(penalty.strengths, penalty.symbols.items(), strict=True)
        own = [f"{symbol} {exact(strength)}" for key, (symbol, strength) in named if key not in ("l1", "l2")]
        lambdas |= {run.id: " ".join(own)} if own else {}
        lassos += [run.id] if penalty.zeroes_filters and run.epoch else []
    layers = store.layers(lassos, latest=True) if lassos else pd.DataFrame(columns=list(columns.LAYER_COLUMNS))
    counts = {str(run): zero_filters(found) for run, found in layers.groupby(columns.RUN, sort=False)}
    filters = {run: f"{found[0]:,} of {found[1]:,}" for run, found in counts.items() if found}
    wanted = {name: own for name, own in ((LAMBDAS, lambdas), (FILTERS, filters)) if own}
    return rows.assign(**{name: rows[t.RUN].map(own) for name, own in wanted.items()})


def _with_curves(store: Store, rows: pd.DataFrame) -> pd.DataFrame:
    """``rows`` with the column CURVE, finite validation losses; each is read once for all visitors until it grows."""
    kept: _Curves = process_wide("run_curves", dict)
    if len(kept) > _KEPT:
        kept.clear()
    keys = list(zip(rows[t.RUN].tolist(), rows[t.CREATED].tolist(), rows[t.EPOCH].tolist(), strict=True))
    curves = {key: kept.get(key) if key[2] else [] for key in keys}
    new = {run: (run, created, epoch) for (run, created, epoch), curve in curves.items() if curve is None}
    for run, losses in store.sparklines(list(new), columns.VAL_LOSS).items():
        curves[new[run]] = kept[new[run]] = [loss for loss in losses if math.isfinite(loss)]
    return rows.assign(**{t.CURVE: pd.Series([curves[key] for key in keys], index=rows.index, dtype=object)})


# Display

# Streamlit keeps an element that has the keyboard's focus until a rerun ends: after a click on a column's head, the old
# table would flash below the new one. Its own search and download know one page only, and the download writes a name
# like =HYPERLINK(…) as a formula; the page has a search and a CSV of its own.
_STYLE = """<style>
[class*="st-key-runs_table_"][data-retained],
[class*="st-key-runs_table_"] [data-testid="stElementToolbarButton"]:has(
  button[aria-label^="Download"], button[aria-label^="Search"]
) { display: none !important; }
</style>"""

_NATS = {
    t.GAP: ("Gap", 62, "Validation − training loss at the last epoch, in nats, without penalty."),
    t.TOTAL: ("J", 62, "Data loss + penalty at the last epoch, in nats."),
    t.DATA_LOSS: ("Data loss", 78, "On training images, at the last epoch, in nats."),
    t.L1_PART: ("L1 part", 66, "λ₁ Σ|w| at the last epoch, in nats."),
    t.L2_PART: ("L2 part", 66, "(λ₂/2) Σw² at the last epoch, in nats."),
}
"""Head, width and help of the columns in nats. J and its parts come last: they compare runs at one λ only."""


def draw_table(table: pd.DataFrame, order: RunOrder, *, key: str, preset: Sequence[int]) -> None:
    """The rows of ``table``, in ``order``; rows ``preset`` are ticked when a table with a new ``key`` appears."""
    st.html(_STYLE)
    config = _config(table)
    if order.column in config:
        config[order.column]["label"] += " ↓" if order.descending else " ↑"
    ticks: dict[str, Any] = {"on_select": "rerun", "selection_mode": ("multi-row", "single-column")}
    ticks["selection_default"] = {"selection": {"rows": list(preset)}}
    look: dict[str, Any] = {"hide_index": True, "placeholder": "–", "alt": "Runs with their settings and results"}
    st.dataframe(_displayed(table), key=key, column_order=list(config), column_config=config, **ticks, **look)


def _displayed(table: pd.DataFrame) -> pd.DataFrame:
    """``table`` in units for people: per cent, durations, one badge for the state."""
    return pd.DataFrame(
        {
            **{name: table[name] for name in (t.NAME, t.PENALTY)},
            t.DATASET: table[t.DATASET].map(dataset_label),
            t.MODEL: table[t.MODEL].map(model_label),
            **{name: table[name].map(exact) for name in (t.LAMBDA1, t.LAMBDA2)},
            **{name: table[name] for name in (LAMBDAS, FILTERS) if name in table},
            t.STATE: [[state] for state in _states(table)],
            t.EPOCH: [f"{epoch} / {epochs}" for epoch, epochs in _epochs(table)],
            **{name: table[name].map(percent) for name in (t.LAST_ACC, t.ACC_AT_BEST, t.BEST_ACC)},
            t.BEST_LOSS: [fixed(value, 3) for value in table[t.BEST_LOSS]],
            **{name: table[name] for name in (t.BEST_EPOCH, t.BEST_ACC_EPOCH, t.CURVE, t.CREATED, t.TAGS)},
            **{name: [fixed(value, 3) for value in table[name]] for name in _NATS},
            t.SECONDS: pd.to_timedelta(table[t.SECONDS].round(), unit="s"),
        }
    )


def _states(table: pd.DataFrame) -> list[str]:
    """The state of each run, for example "running 40 %"."""
    return [
        f"{label} {100 * epoch // epochs}{PERCENT}" if state == "running" else label
        for state, label, (epoch, epochs) in zip(table[t.STATE], table[LABEL], _epochs(table), strict=True)
    ]


def _epochs(table: pd.DataFrame) -> Iterable[tuple[int, int]]:
    """Epochs done and planned, a pair for each run."""
    return zip(table[t.EPOCH].tolist(), table[t.EPOCHS].tolist(), strict=True)


def _config(table: pd.DataFrame) -> dict[str, Any]:
    """The columns on screen, in their order."""
    column = st.column_config
    tags = sorted({tag for tags in table[t.TAGS] for tag in tags}, key=str.casefold)
    badges = {label: FACTS[state] for label, state in zip(_states(table), table[t.STATE], strict=True)}

    def text(label: str, width: int, about: str | None = None, alignment: Any = "right") -> Any:
        return column.TextColumn(label, width=width, help=about, alignment=alignment)

    def shown(label: str) -> str:
        return f"{badges[label].glyph} {label}"

    colours = [facts.colour for facts in badges.values()]
    filters = "Filters and dense units whose weights are all exactly 0; the classifier's units do not count."
    others = {
        LAMBDAS: text("Other λ", 76, "λ of penalty terms other than L1 and L2.", alignment=None),
        FILTERS: text("Filters at 0", 84, filters),
    }
    nats = {name: text(*values) for name, values in _NATS.items()}
    created = column.DatetimeColumn("Created", format="distance", width=110, timezone=st.context.timezone)
    return {
        t.NAME: column.TextColumn("Name", width=184, pinned=True),
        t.STATE: column.MultiselectColumn("State", options=[*badges], color=colours, width=116, format_func=shown),
        t.DATASET: text("Dataset", 100, alignment=None),
        t.MODEL: text("CNN", 86, alignment=None),
        t.PENALTY: text("Penalty", 80, alignment=None),
        t.LAMBDA1: text("λ₁", 66, "L1: λ₁ Σ|w|."),
        t.LAMBDA2: text("λ₂", 66, "L2: (λ₂/2) Σw²."),
        **{name: own for name, own in others.items() if name in table},
        t.LAST_ACC: text("Last acc.", 74, "Validation accuracy at the last epoch."),
        t.ACC_AT_BEST: text("At best", 66, "Validation accuracy at the epoch of lowest validation loss."),
        t.BEST_LOSS: text("Best loss", 74, "Lowest validation loss of any epoch, in nats, without penalty."),
        t.BEST_EPOCH: column.NumberColumn("ep.", format="%d", width=42, help="The best epoch: that of lowest loss."),
        t.BEST_ACC: text("Best acc.", 74, "Highest validation accuracy of any epoch."),
        t.BEST_ACC_EPOCH: column.NumberColumn("at", format="%d", width=42, help="The first epoch with that accuracy."),
        t.GAP: nats.pop(t.GAP),
        t.CURVE: column.LineChartColumn("Val. loss", width=96, help="Over epochs; each on its own scale."),
        t.SECONDS: column.NumberColumn("Duration", format="localized", width=100, help="Time spent training."),
        t.EPOCH: text("Epochs", 64, "Epochs done / planned."),
        t.CREATED: created,
        t.TAGS: column.MultiselectColumn("Tags", options=tags, color="primary", width=130),
        **nats,
    }
