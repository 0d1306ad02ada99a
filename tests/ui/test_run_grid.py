"""The table of runs: what the browser sends is read with care, each press counts once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reglab.store import RunMark
from reglab.ui.runs.bulk import deletion
from reglab.ui.runs.run_grid import Event, read
from reglab.ui.runs.state import MOST_TICKED, RunsState

TICK = [5, "tick", {"id": "a", "on": True}]


def test_events_come_in_their_order_and_each_once() -> None:
    sent = {"events": [[7, "sort", "gap_loss"], TICK, [6, "all", False]]}
    kinds = [(event.number, event.kind) for event in read(sent, 0)]
    assert kinds == [(5, "tick"), (6, "all"), (7, "sort")]
    assert read(sent, 6) == [Event(7, "sort", "gap_loss", True)]


@pytest.mark.parametrize(
    "item",
    [None, 3, [5, "tick"], [True, "all", True], ["5", "all", True], [5, "all", 1], [5, "fly", True], [-1, "all", True],
     [1e300, "all", True], [float("nan"), "all", True], [5, "tick", {"id": 3, "on": True}], [5, "tick", {"id": "a"}],
     [5, "sort", "x" * 10_000], [5, "tick", "a"]],
)  # fmt: skip
def test_anything_else_is_no_event(item: object) -> None:
    assert read({"events": [item, TICK]}, 0) == [Event(5, "tick", "a", True)]
    assert read(item, 0) == []
    assert read({"events": item}, 0) == []


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "g"]), st.booleans())), st.integers(0, 30))
def test_repeated_messages_change_nothing(presses: list[tuple[str, bool]], cut: int) -> None:
    sent = [[n, "tick", {"id": run, "on": on}] for n, (run, on) in enumerate(presses, start=1)]
    once, twice = RunsState(members={"g": ("a", "c")}), RunsState(members={"g": ("a", "c")})
    once.take(read({"events": sent}, 0))
    for part in (sent[:cut], sent, sent[:cut]):
        twice.take(read({"events": part}, 0))
    assert once.ticked == twice.ticked
    wanted: dict[str, Any] = {}
    for run, on in presses:
        for one in {"g": ("a", "c")}.get(run, (run,)):
            wanted.pop(one, None) if not on else wanted.setdefault(one)
    assert once.ticked == tuple(wanted)


def test_ten_thousand_ticks_are_the_most_and_the_page_says_so() -> None:
    state = RunsState()
    state.tick([str(number) for number in range(MOST_TICKED + 5)], on=True)
    assert len(state.ticked) == MOST_TICKED
    assert state.remarks["ticks"] == "At most 10,000 runs can be selected: the first 10,000 are."
    state.tick(["1"], on=False)
    assert (len(state.ticked), state.remarks) == (MOST_TICKED - 1, {})


def mark(run: str, state: str = "finished", sweep: str | None = None) -> RunMark:
    return RunMark(run, f"run {run}", state, sweep, "", 3)


def test_what_is_deleted_and_what_stays_is_said_before() -> None:
    ticked = [mark("a"), mark("b", "running"), mark("c", "queued"), mark("d", sweep="s1"), mark("e", sweep="s2"),
              mark("f", "running", "s3"), mark("g", sweep="s3")]  # fmt: skip
    plan = deletion(ticked, lambda sweeps: {"s1": 1, "s2": 9, "s3": 2})
    assert [run.id for run in plan.runs] == ["a", "c", "d"]
    assert [remark.replace("\\", "") for remark in plan.remarks] == [
        "“run b”, “run f” still train and stay: stop them first.",
        "The runs of 1 sweep stay: a sweep is deleted as a whole. Group by sweep and tick its row.",
        "The other runs of 1 sweep that trains stay with it.",
        "1 waiting run is cancelled.",
    ]
    assert deletion(ticked[:1], lambda sweeps: {}).remarks == ()
