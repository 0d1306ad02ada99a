"""From the path to the Train page: the runs behind a point, or a form with its λ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import streamlit as st

from reglab.spec import Apply, RunSpec
from reglab.sweep import Point, SweepSpec
from reglab.ui.shared.live_chart import Scalar
from reglab.ui.shared.query import MAX_RUNS, TRAIN_PAGE, run_query
from reglab.ui.shared.services import services
from reglab.ui.sweep.query import LOOKS, SWEEP
from reglab.ui.train import state as train_form


def lanes_at(spec: SweepSpec, clicked: Sequence[Scalar]) -> list[int]:
    """The numbers of the lanes at a clicked point [apply, λ₁, λ₂], one for each repeat; none for anything else."""
    if len(clicked) != 3:
        return []
    apply, l1, l2 = clicked
    if not isinstance(l1, int | float) or not isinstance(l2, int | float):
        return []
    return [
        number
        for number, lane in enumerate(spec.lanes())
        if lane.apply == apply and _same(lane.point.l1, l1) and _same(lane.point.l2, l2)
    ]


def run_with(spec: SweepSpec, point: Point, apply: Apply) -> RunSpec:
    """One run with this λ: as in the sweep, but on a validation share where the sweep had folds."""
    return spec.run.with_changes({"penalty.l1": point.l1, "penalty.l2": point.l2, "penalty.apply": apply})


def open_point(sweep_id: str, clicked: Sequence[Scalar]) -> None:
    """Open the runs at a clicked point on the Train page, at most MAX_RUNS; to be called as a callback."""
    lanes = lanes_at(services().store.sweep(sweep_id).spec, clicked)
    if lanes:
        runs = services().store.sweep_runs(sweep_id)
        st.switch_page(TRAIN_PAGE, query_params=_on_the_way(run_query([runs[lane].id for lane in lanes[:MAX_RUNS]])))


def use(spec: RunSpec) -> None:
    """Open the Train page's form with this run; to be called as a callback."""
    train_form.prepare_form(spec)  # which leaves the address of this page alone
    st.switch_page(TRAIN_PAGE, query_params=_on_the_way(spec.to_query()))


def _on_the_way(target: Mapping[str, str]) -> dict[str, str]:
    """``target`` behind the parameters of the path on screen.

    Streamlit's browser side puts them into this page's address before it goes to the next one, so that the first Back
    leads there: with its own parameters among them, it shows the path as it was.
    """
    own = {key: value for key, value in st.query_params.items() if key == SWEEP or key in LOOKS}
    return {**own, **target}


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9)
