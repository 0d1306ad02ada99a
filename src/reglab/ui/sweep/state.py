"""Session state of the page: the form, and the sweep on screen with its switches; both in step with the query.

The query is read when the sweep opens and when the person navigates (Back, Forward). Otherwise the switches are right,
and the query follows them. A form does the same: see :class:`reglab.ui.shared.query.Form`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from reglab import columns
from reglab.columns import Measure
from reglab.spec import RunSpec
from reglab.sweep import EpochRule
from reglab.ui.shared.query import NAME, Form, Query
from reglab.ui.sweep.query import (
    DEFAULT,
    KEYS,
    SETTINGS,
    SWEEP,
    SWITCHES,
    USUAL,
    SweepQuery,
    ViewState,
    form_query,
    sweep_query,
    to_values,
)

START = "sweep_start"
"""Key of the form's button."""

VIEW, MEASURE, EPOCH, LAYER, ROLE, WHAT, SHOWN_RULE, BESIDE = (f"sweep_view_{key}" for key in SWITCHES)

_SHOWN = "sweep_shown"
_STOPS = 200  # of the epoch slider
_TICKS = 14  # of a replay
_OWN = frozenset({SWEEP, NAME, *SWITCHES, *SETTINGS, "run", "runs"})

QUERY = Query("sweep", lambda key: key in _OWN or ("." in key and key.partition(".")[0] in RunSpec.PARTS))
"""The page's part of the query: the sweep of the form, or the one on screen and its view state."""

FORM = Form("sweep_form", START, QUERY, KEYS, USUAL, to_values, form_query)


def show_sweep(sweep_id: str, beside: Sequence[str] = (), measure: Measure = DEFAULT.measure) -> None:
    """Go to the view of this sweep, with others beside it."""
    QUERY.write(sweep_query(sweep_id, ViewState(measure=measure, beside=",".join(beside))))


def leave_for(sweep_id: str) -> None:
    """Callback in a fragment: go to the view of this sweep, by a run of the whole page."""
    show_sweep(sweep_id)
    st.rerun()


@dataclass
class ShownSweep:
    """The sweep on screen; ``address``: the view state that the query stood for when it was last read or written.

    ``declared`` is its epoch rule; ``settled``: the query has followed the switches since they were last set.
    ``playing``: a replay moves the slider; ``replayed``: the epochs that it has set, ``at`` the last of them.
    """

    sweep: str = ""
    address: ViewState = DEFAULT
    problem: str | None = None
    declared: EpochRule = "last"
    settled: bool = True
    playing: bool = False
    replayed: set[int] = field(default_factory=set)
    at: int = 1

    def put(self, epoch: int) -> None:
        """Move the slider, in a replay."""
        self.at = st.session_state[EPOCH] = epoch
        self.replayed.add(epoch)


def shown_sweep() -> ShownSweep:
    """This session's sweep on screen."""
    state: ShownSweep = st.session_state.setdefault(_SHOWN, ShownSweep())
    return state


def open_sweep(sweep_id: str, epochs: int, declared: EpochRule, address: SweepQuery) -> None:
    """Set the switches before they are drawn, where the sweep has just opened or the query has changed."""
    state = shown_sweep()
    opens = state.sweep != sweep_id or MEASURE not in st.session_state
    if opens:
        state.playing = False
    if opens or address.view != state.address:
        view = address.view
        switches = {VIEW: view.view, MEASURE: view.measure, ROLE: view.role, WHAT: view.what}
        epoch = nearest(view.epoch or epochs, epochs)
        st.session_state.update({**switches, SHOWN_RULE: view.rule or declared})
        st.session_state.update({EPOCH: epoch, LAYER: view.layer or columns.ALL_WEIGHTS, BESIDE: view.beside})
        state.sweep, state.address, state.problem, state.declared = sweep_id, view, address.problem, declared
        state.settled = False


def view_state(epochs: int) -> ViewState:
    """The switches; the slider at its end means the newest epoch."""
    now = st.session_state
    epoch, layer = int(now.get(EPOCH, epochs)), now.get(LAYER) or columns.ALL_WEIGHTS
    rule, declared = now.get(SHOWN_RULE), shown_sweep().declared
    return ViewState(
        now.get(VIEW) or DEFAULT.view,
        now.get(MEASURE) or DEFAULT.measure,
        epoch if epoch < epochs else None,
        None if layer == columns.ALL_WEIGHTS else layer,
        now.get(ROLE) or DEFAULT.role,
        now.get(WHAT) or DEFAULT.what,
        rule if rule != declared else None,
        now.get(BESIDE) or DEFAULT.beside,
    )


def link_problem(epochs: int) -> str | None:
    """What of the link could not be used, until a person moves a switch.

    The first change of the view state is the page's own: a link may ask for an epoch that the sweep does not have.
    """
    state = shown_sweep()
    if state.settled and view_state(epochs) != state.address:
        state.problem = None
    return state.problem


def keep_view(epochs: int) -> None:
    """Let the query follow the switches."""
    state, view = shown_sweep(), view_state(epochs)
    if view != state.address and not state.playing:
        state.address = view
        QUERY.write(sweep_query(state.sweep, view))
    state.settled = True


def stops(epochs: int) -> list[int]:
    """The epochs of the slider: all, or an even choice of many, always with the last."""
    return sorted({*range(1, epochs + 1, -(-epochs // _STOPS)), epochs})


def nearest(epoch: int, epochs: int) -> int:
    """The slider's stop that is nearest to ``epoch``."""
    return min(stops(epochs), key=lambda stop: abs(stop - epoch))


def replay_step(newest: int) -> int:
    """Epochs of a replay that go by in a tick."""
    return max(1, math.ceil(newest / _TICKS))


def advance_replay(newest: int, epochs: int) -> None:
    """Move the slider of a replay before it is drawn; the newest epoch ends it."""
    state = shown_sweep()
    if state.playing:
        at = state.at + replay_step(newest)
        state.playing = at < newest
        state.put(nearest(at, epochs) if state.playing else epochs)


def start_replay() -> None:
    """Callback: replay from the first epoch on."""
    state = shown_sweep()
    state.playing, state.replayed = True, set()
    state.put(1)


def stop_replay() -> None:
    """Callback: stay at the epoch on screen."""
    shown_sweep().playing = False


def slider_moved() -> None:
    """Callback: a person who moves the slider ends the replay.

    The browser also sends a value that the replay has set, a tick late; that one is no choice of a person.
    """
    state = shown_sweep()
    if state.playing and st.session_state[EPOCH] in state.replayed:
        st.session_state[EPOCH] = state.at
    else:
        state.playing = False
