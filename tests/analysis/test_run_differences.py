"""The settings in which runs differ, and their figures against a baseline."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from reglab.analysis.run_differences import ComparedRun, change, differing, run_differences

SETTINGS = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2) | st.none(), max_size=4)


@given(st.lists(SETTINGS, min_size=1, max_size=5))
def test_a_setting_differs_where_any_two_runs_do(every: list[dict[str, int | None]]) -> None:
    found = differing(every)
    for key in "abcd":
        assert (key in found) == (len({own.get(key) for own in every}) > 1)


def test_changes_are_against_the_baseline() -> None:
    figures = {"acc": 0.75, "loss": math.nan, "seconds": None}
    runs = [
        ComparedRun("a", "A", {"l2": 0.0, "seed": 0}, {"acc": 0.5, "loss": 1.0, "seconds": 2.0}),
        ComparedRun("b", "B", {"l2": 0.1, "seed": 0, "noise": 1}, figures),
    ]
    found = run_differences(runs, "a")
    assert (found.settings, found.figures) == (("l2", "noise"), ("acc", "loss", "seconds"))
    first, second = found.runs
    assert first.settings == {"l2": 0.0, "noise": None}
    assert set(first.changes.values()) == {None}
    assert second.figures == {"acc": 0.75, "loss": None, "seconds": None}
    assert second.changes == {"acc": 0.25, "loss": None, "seconds": None}
    assert run_differences(runs, "b").runs[0].changes["acc"] == -0.25


def test_what_is_not_finite_has_no_change() -> None:
    assert change(1.0, math.inf) is change(math.nan, 1.0) is change(None, 1.0) is change(1.0, None) is None
