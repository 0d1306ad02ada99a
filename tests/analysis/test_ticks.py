"""Ticks belong to runs, whatever rows a table shows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reglab.analysis import positions, reconciled

RUNS = st.lists(st.sampled_from("abcdefghij"), unique=True)


def test_hidden_ticks_stay_and_new_ones_follow_in_the_tables_order() -> None:
    assert reconciled(("x", "b"), ("a", "b", "c"), [2, 0, 1]) == ("x", "b", "a", "c")
    assert reconciled(("x", "b"), ("a", "b", "c"), []) == ("x",)
    assert reconciled((), ("a",), [0, 5, -1]) == ("a",)


@given(RUNS, RUNS)
def test_what_a_table_was_given_comes_back(ticked: list[str], shown: list[str]) -> None:
    assert reconciled(ticked, shown, positions(ticked, shown)) == tuple(ticked)


@given(RUNS, RUNS, st.sets(st.integers(0, 9)))
def test_ticks_are_the_rows_and_what_is_not_shown(ticked: list[str], shown: list[str], rows: set[int]) -> None:
    expected = {run for row, run in enumerate(shown) if row in rows} | (set(ticked) - set(shown))
    result = reconciled(ticked, shown, rows)
    assert set(result) == expected
    assert len(result) == len(expected)
    assert [run for run in result if run in ticked] == [run for run in ticked if run in expected]
