"""Replaying how the U-curve formed: the slider moves by itself, some epochs with every tick."""

from __future__ import annotations

import math

import streamlit as st

from reglab.ui.sweep.view_state import EPOCH, ViewState, nearest, view_state

_TICKS = 14  # that a replay takes


def advance(state: ViewState, newest: int, epochs: int) -> None:
    """Move the slider on, before it is drawn; at the newest epoch the replay is over."""
    if not state.playing:
        return
    at = state.at + step(newest)
    state.playing = at < newest
    _put(state, nearest(at, epochs) if state.playing else epochs)


def step(newest: int) -> int:
    """So many epochs go by with every tick."""
    return max(1, math.ceil(newest / _TICKS))


def start() -> None:
    """From the first epoch on; to be called as a callback."""
    state = view_state()
    state.playing, state.replayed = True, set()
    _put(state, 1)


def stop() -> None:
    """Stay at the epoch on screen; to be called as a callback."""
    view_state().playing = False


def slider_moved() -> None:
    """Stop where a person has moved the slider; to be called as a callback.

    The browser also sends the slider's value on its own account, a tick late: one that the replay set is no wish.
    """
    state = view_state()
    if state.playing and st.session_state[EPOCH] in state.replayed:
        st.session_state[EPOCH] = state.at
    else:
        stop()


def _put(state: ViewState, epoch: int) -> None:
    state.at = st.session_state[EPOCH] = epoch
    state.replayed.add(epoch)
