"""How far a test is, from the store alone; and figures that are kept between processes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.lessons.claim_store import finish_trials, queue_trials

from reglab.errors import CheckpointError
from reglab.lessons.claim import seeds_of
from reglab.lessons.claims import CLAIMS
from reglab.lessons.claims.per_layer import APART, SINGLE
from reglab.lessons.standing import index, rounds_in, seconds_left, seconds_until, standing
from reglab.lessons.verdict import verdict_of
from reglab.store import Store

SHRINKS, GAP, PER_LAYER = (CLAIMS.get(name) for name in ("shrinks", "narrows-gap", "per-layer"))
SEEDS = seeds_of(0, 3)


def test_a_claim_that_nobody_has_tested_is_neither_testing_nor_complete(store: Store) -> None:
    found = standing(store, index(store), SHRINKS, SEEDS)
    assert (found.done, found.expected, found.testing, found.complete) == (0, 6, False, False)
    assert len(found.to_start) == 6
    assert rounds_in(index(store)) == [0]
    assert 0 < seconds_left([found], index(store), 2) < seconds_left([found], index(store), 1)


def test_it_is_testing_while_runs_wait_and_complete_when_all_have_finished(store: Store) -> None:
    trials = SHRINKS.trials(SEEDS)
    queue_trials(store, trials)
    found = standing(store, index(store), SHRINKS, SEEDS)
    assert (found.testing, found.complete, len(found.active), found.to_start) == (True, False, 6, [])
    assert seconds_until(found, index(store), 2) > 0
    finish_trials(store, trials)
    found = standing(store, index(store), SHRINKS, SEEDS)
    assert (found.testing, found.complete, found.done) == (False, True, 6)
    assert seconds_left([found], index(store), 2) == 0


def test_another_claim_finds_the_runs_that_it_shares(store: Store) -> None:
    finish_trials(store, SHRINKS.trials(SEEDS))
    assert standing(store, index(store), GAP, SEEDS).complete
    more = standing(store, index(store), GAP, seeds_of(0, 4))
    assert (more.done, more.expected, more.testing) == (6, 8, False)


def test_a_run_that_stopped_is_started_again_and_a_diverged_one_is_not(store: Store) -> None:
    first, second, *others = SHRINKS.trials(SEEDS)
    finish_trials(store, others)
    (stopped,) = queue_trials(store, [first])
    store.request_stop(stopped.id)
    finish_trials(store, [second], "diverged")
    found = standing(store, index(store), SHRINKS, SEEDS)
    assert found.to_start == [first]
    assert (found.diverged, found.complete, found.testing) == (1, False, False)


def test_deleted_runs_are_missing(store: Store) -> None:
    trials = SHRINKS.trials(SEEDS)
    finish_trials(store, trials)
    run = index(store)[trials[0].spec.model_dump_json()]
    store.delete([run.id])
    assert standing(store, index(store), SHRINKS, SEEDS).to_start == [trials[0]]


def test_rounds_are_those_of_which_there_are_runs(store: Store) -> None:
    queue_trials(store, SHRINKS.trials(seeds_of(2, 3)))
    assert rounds_in(index(store)) == [0, 2]


def test_confirming_runs_are_known_once_the_choice_can_be_made(store: Store) -> None:
    finish_trials(store, PER_LAYER.trials(SEEDS))
    found = standing(store, index(store), PER_LAYER, SEEDS)
    assert (found.done, found.expected) == (27, 33)
    assert found.ready_to_confirm
    assert {trial.role for trial in found.to_start} <= set(SINGLE) | set(APART)
    assert len(found.to_start) == 6
    queue_trials(store, found.to_start)
    later = standing(store, index(store), PER_LAYER, SEEDS)
    assert later.testing
    assert not later.ready_to_confirm
    finish_trials(store, later.runs)
    assert standing(store, index(store), PER_LAYER, SEEDS).complete


def test_the_choosing_runs_alone_do_not_make_it_ready_while_one_is_missing(store: Store) -> None:
    finish_trials(store, PER_LAYER.trials(SEEDS)[1:])
    assert not standing(store, index(store), PER_LAYER, SEEDS).ready_to_confirm


# Kept figures


def complete(store: Store) -> None:
    for seed, gap in zip(SEEDS, (0.1, 0.11, 0.12), strict=True):
        free, held = (t for t in GAP.trials(SEEDS) if t.seed == seed)
        finish_trials(store, [free], gap_loss=0.5, gap_acc=0.1)
        finish_trials(store, [held], gap_loss=0.5 - gap, gap_acc=0.1 - gap)


def test_a_verdict_is_measured_once_and_read_from_then_on(store: Store) -> None:
    complete(store)
    found = standing(store, index(store), GAP, SEEDS)
    verdict = verdict_of(store, found)
    assert verdict.holds is True
    assert verdict.outcomes[0].values == pytest.approx((-0.1, -0.11, -0.12))

    def refuse(results: object) -> dict[str, list[float]]:
        raise AssertionError("measured again")

    again = replace(found, claim=replace(GAP, measure=refuse))
    assert verdict_of(store, again).sentence == verdict.sentence


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"loss": [1]}', '{"loss": "x", "accuracy": [1]}', "null"])
def test_damaged_figures_are_measured_again(store: Store, damage: str) -> None:
    complete(store)
    found = standing(store, index(store), GAP, SEEDS)
    verdict = verdict_of(store, found)
    (kept,) = (store.home / "claims").iterdir()
    kept.write_text(damage)
    assert verdict_of(store, found).sentence == verdict.sentence
    assert kept.read_text() not in ("", damage)


def test_figures_of_other_runs_are_not_taken_for_these(store: Store) -> None:
    complete(store)
    found = standing(store, index(store), GAP, SEEDS)
    verdict_of(store, found)
    trials = list(found.runs)
    run = found.runs[trials[0]]
    assert run is not None
    other = replace(found, runs={**found.runs, trials[0]: replace(run, weights_sha256="0" * 64)})
    verdict_of(store, other)
    assert len(list((store.home / "claims").iterdir())) == 2


def test_weights_that_are_gone_are_said(store: Store) -> None:
    claim = CLAIMS.get("factor-two")
    finish_trials(store, claim.trials(SEEDS))  # these runs have no files at all
    with pytest.raises(CheckpointError, match="missing"):
        verdict_of(store, standing(store, index(store), claim, SEEDS))
