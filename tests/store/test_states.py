"""The table of states: every state is active, final or resumable, and shown by a label, an icon and one colour."""

from __future__ import annotations

from typing import get_args

from reglab.states import ACTIVE, FACTS, FINAL, RESUMABLE, STATES, State, label_of


def test_each_state_is_active_final_or_resumable() -> None:
    assert set(STATES) == set(get_args(State)) == ACTIVE | FINAL | RESUMABLE
    assert len(STATES) == len(ACTIVE) + len(FINAL) + len(RESUMABLE)


def test_each_state_has_a_glyph_of_its_own() -> None:
    assert len({facts.glyph for facts in FACTS.values()}) == len({facts.icon for facts in FACTS.values()}) == len(FACTS)


def test_a_run_that_never_began_is_cancelled_and_any_other_stopped() -> None:
    assert label_of("cancelled", began=False) == "cancelled"
    assert label_of("cancelled", began=True) == "stopped"
    assert [label_of(state, began=False) for state in STATES if state != "cancelled"] == [
        state for state in STATES if state != "cancelled"
    ]
