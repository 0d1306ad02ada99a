"""Replaying how the U-curve formed: the slider moves by itself, some epochs with every tick."""

from __future__ import annotations

import math

import streamlit as st

from reglab.ui.path.look_state import EPOCH, LookState, look_state, nearest

_TICKS = 14  # that a replay takes


def advance(state: LookState, newest: int, epochs: int) -> None:
    """Move the slider on, before it is drawn; at the newest epoch the replay is over."""
    if not state.playing:
        return
    at = int(st.session_state[EPOCH]) + step(newest)
    state.playing = at < newest
    st.session_state[EPOCH] = nearest(at, epochs) if state.playing else epochs


def step(newest: int) -> int:
    """So many epochs go by with every tick."""
    return max(1, math.ceil(newest / _TICKS))


def start() -> None:
    """From the first epoch on; to be called as a callback."""
    look_state().playing = True
    st.session_state[EPOCH] = 1


def stop() -> None:
    """Stay at the epoch on screen; to be called as a callback."""
    look_state().playing = False
