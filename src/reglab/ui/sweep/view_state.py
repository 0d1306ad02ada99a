"""How the sweep on screen is looked at: the switches, in step with the query."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from reglab import columns
from reglab.ui.sweep.query import NEWEST, Look, SweepQuery, sweep_query
from reglab.ui.sweep.state import QUERY

VIEW, MEASURE, EPOCH, LAYER, ROLE, WHAT = (f"path_look_{key}" for key in Look.__dataclass_fields__)

_STATE = "path_look"
_STOPS = 200


@dataclass
class ViewState:
    """``address`` is what the query said when it was last read or written; ``playing``: the epochs go by themselves.

    ``replayed`` are the stops that the last replay set, ``at`` the newest of them.
    """

    sweep: str = ""
    address: Look = NEWEST
    problem: str | None = None
    playing: bool = False
    replayed: set[int] = field(default_factory=set)
    at: int = 1


def stops(epochs: int) -> list[int]:
    """The epochs at which the slider may stand: all, or an even choice of many, the last one always."""
    return sorted({*range(1, epochs + 1, -(-epochs // _STOPS)), epochs})


def view_state() -> ViewState:
    """This session's state."""
    state: ViewState = st.session_state.setdefault(_STATE, ViewState())
    return state


def open_or_follow(sweep_id: str, epochs: int, address: SweepQuery) -> ViewState:
    """Set the switches before they are drawn, where the sweep was just opened or the query moved."""
    state = view_state()
    opens = state.sweep != sweep_id or MEASURE not in st.session_state
    if opens:
        state.playing = False
    if opens or address.look != state.address:
        look = address.look
        st.session_state.update({
            VIEW: look.view, MEASURE: look.measure, EPOCH: nearest(look.epoch or epochs, epochs),
            LAYER: look.layer or columns.ALL_WEIGHTS, ROLE: look.role, WHAT: look.what,
        })  # fmt: skip
        state.sweep, state.address, state.problem = sweep_id, look, address.problem
    return state


def current_view(epochs: int) -> Look:
    """What the switches say; the slider at its end means the newest epoch."""
    now = st.session_state
    epoch = int(now.get(EPOCH, epochs))
    layer = now.get(LAYER) or columns.ALL_WEIGHTS
    return Look(
        view=now.get(VIEW) or "losses", measure=now.get(MEASURE) or "accuracy",
        epoch=epoch if epoch < epochs else None, layer=None if layer == columns.ALL_WEIGHTS else layer,
        role=now.get(ROLE) or "val", what=now.get(WHAT) or "norm",
    )  # fmt: skip


def follow(state: ViewState, look: Look) -> None:
    """Let the query follow the switches."""
    if look != state.address and not state.playing:
        state.address, state.problem = look, None
        QUERY.write(sweep_query(state.sweep, look))


def nearest(epoch: int, epochs: int) -> int:
    """The stop of the slider that is nearest to ``epoch``."""
    return min(stops(epochs), key=lambda stop: abs(stop - epoch))
