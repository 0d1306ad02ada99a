"""Links of the Compare page: what is on screen comes back, and what cannot be used costs itself alone."""

from __future__ import annotations

from dataclasses import asdict
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reglab.ui.compare.query import DEFAULT, SMOOTHINGS, CompareQuery, Figure, View, Weights, read, to_query
from reglab.ui.shared.query import MOST_COMPARED, compare_query

IDS = st.text("abcdefgh0123", min_size=1, max_size=10)
LISTS = st.lists(IDS, max_size=12, unique=True).map(tuple)


@given(
    st.builds(
        CompareQuery,
        runs=LISTS,
        sweeps=LISTS,
        view=st.sampled_from(get_args(View)),
        figure=st.sampled_from(get_args(Figure)),
        weights=st.sampled_from(get_args(Weights)),
        smooth=st.sampled_from(SMOOTHINGS),
        layer=st.sampled_from(["", "conv1.weight"]),
        baseline=IDS | st.just(""),
    )
)
def test_a_link_restores_what_is_shown(shown: CompareQuery) -> None:
    assert read(to_query(shown)) == (shown, [])


def test_only_what_is_not_the_default_is_in_the_link() -> None:
    assert to_query(DEFAULT) == {}
    assert to_query(CompareQuery(("a", "b"), view="weights")) == {"runs": "a,b", "view": "weights"}
    assert compare_query(["a", "b"], ["s"]) == {"runs": "a,b", "sweeps": "s"}


@pytest.mark.parametrize("name", [name for name in asdict(DEFAULT) if name not in ("runs", "sweeps")])
def test_a_value_that_cannot_be_used_costs_itself_alone(name: str) -> None:
    found, problems = read({"runs": "a,,a, b", name: "nonsense"})
    assert found.runs == ("a", "b")
    free = name in ("baseline", "other", "layer")
    assert getattr(found, name) == ("nonsense" if free else getattr(DEFAULT, name))
    assert bool(problems) != free
    assert all(name in problem and "nonsense" in problem for problem in problems)


def test_ten_thousand_runs_are_the_first_ones_and_a_sentence() -> None:
    ids = [f"r{i}" for i in range(10_000)]
    found, problems = read({"runs": ",".join(ids)})
    assert found.runs == tuple(ids[:MOST_COMPARED])
    assert problems == [f"The link names 10,000 runs; the first {MOST_COMPARED} are compared."]
    assert len(compare_query(ids)["runs"].split(",")) == MOST_COMPARED
