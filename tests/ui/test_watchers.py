"""How often live pages tick, and who counts as watching."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reglab.ui.shared.ticks import FREE, LONGEST, Watchers, interval

COUNTS = st.integers(0, 10_000)


@given(COUNTS, COUNTS)
def test_more_sessions_never_tick_more_often(few: int, many: int) -> None:
    few, many = sorted((few, many))
    assert interval(0.7, few) <= interval(0.7, many)


@given(COUNTS)
def test_the_interval_grows_in_proportion_and_has_an_end(watching: int) -> None:
    factor = interval(1.0, watching)
    assert 1 <= factor <= LONGEST
    assert factor >= min(watching / FREE, LONGEST)
    assert factor < max(1, 2 * watching / FREE) or factor == 1


@pytest.mark.parametrize(("watching", "factor"), [(0, 1), (1, 1), (4, 1), (5, 2), (8, 2), (9, 4), (30, 8), (99, 8)])
def test_the_steps(watching: int, factor: int) -> None:
    assert interval(0.5, watching) == 0.5 * factor


def test_a_session_counts_once_and_until_its_browser_has_gone() -> None:
    here = {"a", "b"}
    watchers = Watchers(here.__contains__)
    assert [watchers.watch(session) for session in "aba"] == [1, 2, 2]
    here.discard("b")
    assert watchers.watch("a") == 1


def test_a_session_counts_while_its_page_is_drawn_anew_and_not_on_a_page_that_does_not_tick() -> None:
    watchers = Watchers(lambda session: True)
    watchers.watch("a")
    watchers.arrive("a")
    assert watchers.watch("b") == 2  # no other session speeds up for a moment
    watchers.watch("a")
    watchers.settle("a")
    assert watchers.watch("b") == 2
    watchers.arrive("a")
    watchers.settle("a")
    assert watchers.watch("b") == 1


def test_a_session_that_never_watched_is_not_counted() -> None:
    watchers = Watchers(lambda session: True)
    watchers.arrive("a")
    watchers.settle("a")
    assert watchers.watch("b") == 1
