"""λ × learning rate side by side: the maps of several sweeps, and the slope of log best λ on log learning rate.

Decoupled decay is drawn over both readings of λ: PyTorch's, and the AdamW paper's, which is lr times PyTorch's.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from reglab import columns
from reglab.analysis.separability import Separability, best_lambdas, separability
from reglab.charts.sweep_grid import sweep_grid_chart
from reglab.content.epoch_view import EpochView
from reglab.errors import RegLabError
from reglab.number_format import fixed
from reglab.store import Sweep
from reglab.sweep import SweepSpec
from reglab.ui.shared.live_chart import live_chart
from reglab.ui.shared.memo import shared_figure
from reglab.ui.shared.services import services
from reglab.ui.shared.text import count_of, literal, optimizer_label
from reglab.ui.sweep.data import Results, epoch_view, results_of
from reglab.ui.sweep.query import ViewState

HEIGHT = 380
_NARROWEST = 300  # pixels of a map
_MOST = 13  # sweeps of one link
HELP = (
    "In each repeat and at each learning rate, the best λ is the lowest point of the validation loss (a parabola in "
    "log λ through the best λ and its neighbours); the slope is that of the least-squares line through them.  \n"
    "**Slope −1**: only lr·λ counts, so λ must fall as the learning rate rises. **Slope 0**: each can be chosen by "
    "itself. A best λ of 0 or at an end of the range is left out, because the minimum is not known there.  \n"
    "The interval is that of Student's t over the repeats. The AdamW paper's λ is lr times PyTorch's, so its slope is "
    "1 larger."
)


def has_rate_map(spec: SweepSpec) -> bool:
    """Whether the axes are λ and the learning rate."""
    return spec.is_map and spec.axes[0].setting.is_lambda and spec.axes[1].key == "optim.lr"


def beside_of(view: ViewState) -> list[Sweep | str]:
    """The sweeps that the view state names; a sentence for each that cannot be shown."""
    found: list[Sweep | str] = []
    for sweep_id in dict.fromkeys(part.strip() for part in view.beside.split(",") if part.strip()):
        try:
            found.append(services().store.sweep(sweep_id))
        except RegLabError as error:
            found.append(str(error))
    return found[: _MOST - 1]


def maps(main: Results, view: EpochView, state: ViewState, others: Sequence[Sweep | str]) -> None:
    """Draw a map for each sweep and penalty mode with its slope, and a second one where λ has two readings."""
    pairs = [(main, view)]
    for other in others:
        if isinstance(other, str):
            st.warning(literal(other), icon=":material/link_off:")
        elif not has_rate_map(other.spec):
            st.warning(
                f"“{literal(other.name)}” is not a sweep over λ and the learning rate.", icon=":material/grid_off:"
            )
        else:
            results = results_of(other)
            pairs.append((results, epoch_view(results, state)))
    st.markdown("**Does the best λ move with the learning rate?**", help=HELP)
    with st.grid(2 if len(pairs) == 4 else min(len(pairs), 3), min_column_width=_NARROWEST, gap="small"):
        for results, own in pairs:
            with st.container(border=True, height="stretch", gap="xsmall"):
                _column(results, own, drawn=len(pairs) > 1)


def _column(results: Results, view: EpochView, *, drawn: bool) -> None:
    """One sweep: its slopes as text, its map if ``drawn``, and that in the paper's λ where the decay is decoupled."""
    spec = view.spec
    st.markdown(f"**{literal(title_of(spec))}** :small[epoch {view.epoch} of {view.epochs}]")
    slopes = _slopes(results, view)
    for mode, slope in slopes.items():
        st.markdown(f":small[{slope_text(slope, named=mode if len(slopes) > 1 else '')}]")
    if drawn:
        _map(results, view, paper=False)
    if "decoupled" in spec.applies:
        slope = slopes["decoupled"]
        st.markdown(f":small[In the paper's λ, lr·λ: {slope_text(slope and slope.in_paper_lambda)}]")
        _map(results, view, paper=True)


def _map(results: Results, view: EpochView, *, paper: bool) -> None:
    table = view.table
    if paper:
        table = table[table[columns.APPLY] == "decoupled"]
    make = partial(sweep_grid_chart, table, measure=view.measure, axes=view.spec.axes, paper=paper)
    name = "sweep-paper" if paper else "sweep-map"
    live_chart(shared_figure((name, view.source), make), key=f"{name}-{results.sweep.id}", height=HEIGHT)


def _slopes(results: Results, view: EpochView) -> dict[str, Separability | None]:
    """The slope of each penalty mode at the view's epoch."""
    rates = np.array(view.spec.axes[1].values, dtype=np.float64)

    def slope(mode: str) -> Separability | None:
        return separability(best_lambdas(results.runs, results.epochs, mode, view.epoch), rates)

    return {mode: slope(mode) for mode in view.spec.applies}


def title_of(spec: SweepSpec) -> str:
    """For example "SGD + L2", "AdamW": what the sweep adds to the optimizer, where that does not follow from it."""
    name = optimizer_label(spec.run.optim.name)
    modes = " and ".join(spec.applies)
    return name if modes == "decoupled" else f"{name} + L2" if modes == "coupled" else f"{name}, {modes}"


def slope_text(found: Separability | None, named: str = "") -> str:
    """The slope with its interval, and what it says."""
    first = f"{named.capitalize()}: slope" if named else "Slope"
    if found is None:
        return f"{first} not known: too few learning rates have their best λ inside the range."
    pairs = f"{found.known} of {found.asked} best λ inside the range"
    if found.low is None or found.high is None:
        return f"{first} **{fixed(found.slope, 2)}** ({count_of(found.repeats, 'repeat')}, {pairs}): no interval."
    interval = f"95 % interval {fixed(found.low, 2)} to {fixed(found.high, 2)}, {found.repeats} repeats, {pairs}"
    return f"{first} **{fixed(found.slope, 2)}** ({interval}): {_meaning(found.low, found.high)}"


def _meaning(low: float, high: float) -> str:
    product, apart = low <= -1 <= high, low <= 0 <= high
    if product and apart:
        return "these repeats do not tell −1 from 0."
    if product:
        return "only lr·λ counts."
    return "λ can be chosen by itself." if apart else "neither −1 nor 0."
