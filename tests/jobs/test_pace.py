"""When a checkpoint is due: after 20 times what the last one took and 1 s of the job's own turns; or after 30 s."""

from __future__ import annotations

import time

import pytest

from reglab.jobs.pace import Pace, Ticker


class Clock:
    """Seconds that pass only where a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "monotonic", made)
    return made


@pytest.mark.parametrize(("cost", "wait"), [(0.01, 1.0), (0.5, 10.0), (2.0, 30.0)])
def test_a_job_alone_spends_a_twentieth_of_its_time_on_checkpoints(clock: Clock, cost: float, wait: float) -> None:
    """At least 1 s apart: a job of less than a second has those of its start and end alone. At most 30 s."""
    pace = Pace()
    pace.saving(lambda: clock.passes(cost))
    clock.passes(wait - 0.01)
    assert not pace.due()
    clock.passes(0.02)
    assert pace.due()


def test_a_job_without_a_checkpoint_waits_as_if_one_took_a_tenth_of_a_second(clock: Clock) -> None:
    """The checkpoint of the start is no measure: it is without the weights and the moments."""
    pace = Pace(_saved=clock.now)
    clock.passes(1.99)
    assert not pace.due()
    clock.passes(0.02)
    assert pace.due()


@pytest.mark.parametrize("groups", [1, 4, 15])
def test_groups_that_take_turns_spend_no_more_together(clock: Clock, groups: int) -> None:
    """Turns of 0.1 s each, checkpoints of 0.06 s each, over 60 s."""
    paces, spent = [Pace() for _ in range(groups)], 0.0
    for turn in range(600):
        pace = paces[turn % groups]
        with pace.turn():
            clock.passes(0.1)
            if turn < groups or pace.due():
                pace.saving(lambda: clock.passes(0.06))
                spent += 0.06
    assert spent == pytest.approx(60 / 20, abs=0.06 * groups + 0.3)


def test_a_group_that_waits_long_for_its_turn_is_saved_after_half_a_minute(clock: Clock) -> None:
    pace = Pace()
    with pace.turn():
        pace.saving(lambda: clock.passes(0.1))
    clock.passes(29.8)
    with pace.turn():
        clock.passes(0.1)
        assert not pace.due()
        clock.passes(0.2)
        assert pace.due()


@pytest.mark.parametrize("groups", [1, 4, 15])
def test_groups_that_take_turns_report_no_more_together(clock: Clock, groups: int) -> None:
    """Steps of 1/16 s in turns of 1/8 s, over 60 s."""
    shared, reports = Ticker(clock.now), 0
    paces = [Pace(shared) for _ in range(groups)]
    for turn in range(480):
        with paces[turn % groups].turn():
            for _ in range(2):
                clock.passes(1 / 16)
                reports += paces[turn % groups].ticks()
    assert 60 / 0.25 <= reports <= 60 / 0.2
