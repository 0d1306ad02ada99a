"""Which runs a filter lets through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analysis.test_run_table import Record

from reglab.analysis import RunFilter, matching, table_of_runs
from reglab.analysis import runs as t

TABLE = table_of_runs(
    [
        Record(id="a1", name="Weak decay", l2=0.001, tags=("baseline",), note="too little"),
        Record(id="b2", name="strong decay", state="running", l2=0.1, tags=("baseline", "talk")),
        Record(id="c3", name="sparse", dataset="mnist", model="lenet5", penalty="L1", state="failed", tags=("talk",)),
    ]
)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (RunFilter(), ["a1", "b2", "c3"]),
        (RunFilter(text="decay"), ["a1", "b2"]),
        (RunFilter(text="DECAY weak"), ["a1"]),
        (RunFilter(text="lenet"), ["c3"]),
        (RunFilter(text="little"), ["a1"]),
        (RunFilter(text="talk"), ["b2", "c3"]),
        (RunFilter(text="b2"), ["b2"]),
        (RunFilter(text="nothing like it"), []),
        (RunFilter(states=frozenset({"failed", "running"})), ["b2", "c3"]),
        (RunFilter(datasets=frozenset({"mnist"})), ["c3"]),
        (RunFilter(models=frozenset({"simple_cnn"})), ["a1", "b2"]),
        (RunFilter(penalties=frozenset({"L1"})), ["c3"]),
        (RunFilter(tags=frozenset({"talk", "other"})), ["b2", "c3"]),
        (RunFilter(text="decay", tags=frozenset({"talk"})), ["b2"]),
        (RunFilter(states=frozenset({"queued"})), []),
    ],
)
def test_every_condition_must_hold(wanted: RunFilter, found: list[str]) -> None:
    rows = matching(TABLE, wanted)
    assert rows[t.RUN].tolist() == found
    assert rows.index.tolist() == list(range(len(found)))


@pytest.mark.parametrize(
    ("wanted", "active"),
    [
        (RunFilter(), False),
        (RunFilter(text="  "), False),
        (RunFilter(text="a"), True),
        (RunFilter(tags=frozenset({"a"})), True),
        (RunFilter(states=frozenset({"failed"})), True),
    ],
)
def test_a_filter_is_active_where_it_may_hide_a_run(wanted: RunFilter, active: bool) -> None:
    assert wanted.active is active


@given(st.text())
def test_any_text_can_be_searched_for(text: str) -> None:
    rows = matching(TABLE, RunFilter(text=text))
    assert set(rows[t.RUN]) <= set(TABLE[t.RUN])
    assert len(matching(TABLE.iloc[:0], RunFilter(text=text))) == 0
