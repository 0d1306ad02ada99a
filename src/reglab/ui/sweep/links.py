"""From a sweep to the Train page: the runs at a point, or the form with its λ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from reglab.spec import Apply, RunSpec
from reglab.sweep import Point, SweepSpec
from reglab.ui.shared.live_chart import Scalar
from reglab.ui.shared.query import MAX_RUNS, TRAIN_PAGE, run_query
from reglab.ui.shared.services import services
from reglab.ui.sweep.query import SWEEP, SWITCHES
from reglab.ui.train import state as train_form


def runs_at(spec: SweepSpec, clicked: Sequence[Scalar]) -> list[int]:
    """Numbers of the runs at a clicked point [penalty mode, λ₁, λ₂], one for each repeat; empty for anything else."""
    if len(clicked) != 3:
        return []
    mode, l1, l2 = clicked
    if not isinstance(l1, int | float) or not isinstance(l2, int | float):
        return []
    near = partial(math.isclose, rel_tol=1e-9)
    return [
        number
        for number, lane in enumerate(spec.lanes())
        if lane.apply == mode and near(lane.point.l1, l1) and near(lane.point.l2, l2)
    ]


def run_with(spec: SweepSpec, point: Point, apply: Apply) -> RunSpec:
    """One run with this λ: as in the sweep, but with a validation share in place of folds."""
    return spec.run.with_changes({"penalty.l1": point.l1, "penalty.l2": point.l2, "penalty.apply": apply})


def open_point(sweep_id: str, clicked: Sequence[Scalar]) -> None:
    """Callback: open the runs at a clicked point on the Train page, at most MAX_RUNS."""
    numbers = runs_at(services().store.sweep(sweep_id).spec, clicked)
    if numbers:
        runs = services().store.sweep_runs(sweep_id)
        _go(run_query([runs[number].id for number in numbers[:MAX_RUNS]]))


def use(spec: RunSpec) -> None:
    """Callback: open the Train page's form with this run."""
    train_form.prepare_form(spec)
    _go(spec.to_query())


def _go(query: Mapping[str, str]) -> None:
    """Go to the Train page, with this page's own parameters before ``query``.

    Streamlit's browser side puts the query into the current address before it goes to the next page. The first Back
    leads there, so the sweep's own parameters must be part of it.
    """
    own = {key: value for key, value in st.query_params.items() if key == SWEEP or key in SWITCHES}
    st.switch_page(TRAIN_PAGE, query_params={**own, **query})
