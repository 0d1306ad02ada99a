"""What every store does with confirmations and openings of test parts, on SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from tests.factories import add_sweep, spec

from reglab.errors import StoreError
from reglab.events import Checkpoint
from reglab.store import TEST, Confirmation, Ending, Store, Sweep
from reglab.sweep import SweepSpec

SHA256 = "5" * 64
FRESH = SweepSpec(run=spec(data__test_fraction=0.2, train__epochs=4), l2=(0.0, 0.03), seeds=4)


def linked(sweep: Sweep, shift: int = 2, seeds: int = 4) -> Confirmation:
    return Confirmation(sweep.id, "common", shift, seeds, SHA256, (("zero",), ("best", "one_se")), (3, 4))


def test_a_confirmation_is_a_sweep_linked_to_another(any_store: Store) -> None:
    sweep = add_sweep(any_store)
    made = any_store.create(FRESH, confirmation=linked(sweep))
    assert (made.confirms, made.confirmation) == (sweep.id, linked(sweep))
    assert any_store.sweep(made.id) == made
    assert [one.id for one in any_store.confirmations(sweep.id)] == [made.id]
    assert (sweep.confirms, sweep.confirmation) == (None, None)
    assert any_store.confirmations(made.id) == []


def test_no_seed_is_taken_twice(any_store: Store) -> None:
    sweep = add_sweep(any_store)
    assert any_store.first_fresh(sweep.id) == sweep.spec.repeats == 2
    first = any_store.create(FRESH, confirmation=linked(sweep))
    assert any_store.first_fresh(sweep.id) == 6
    with pytest.raises(StoreError, match="just taken these seeds"):
        any_store.create(FRESH, confirmation=linked(sweep, shift=5))
    any_store.delete([first.id])
    assert any_store.confirmations(sweep.id) == []
    assert any_store.first_fresh(sweep.id) == 6  # what was seen stays seen
    assert any_store.create(FRESH, confirmation=linked(sweep, shift=6)).confirms == sweep.id


def test_a_second_press_makes_no_second_confirmation(any_store: Store) -> None:
    sweep = add_sweep(any_store)
    first = any_store.create(FRESH, key="a press", confirmation=linked(sweep))
    assert any_store.create(FRESH, key="a press", confirmation=linked(sweep)).id == first.id


def test_an_opening_counts_once_for_its_confirmation_and_outlives_it(any_store: Store) -> None:
    made = any_store.create(FRESH, confirmation=linked(add_sweep(any_store)))
    for _ in range(3):
        any_store.open_test(made.id, "digits", SHA256, 359)
    [opening] = any_store.openings("digits")
    assert (opening.sweep, opening.test_sha256, opening.images) == (made.id, SHA256, 359)
    any_store.delete([made.id])
    any_store.purge(timedelta(0))
    assert any_store.openings("digits") == [opening]
    assert any_store.openings("mnist") == []


def test_one_confirmation_opens_one_test_part(any_store: Store) -> None:
    any_store.open_test("s000000001", "digits", SHA256, 359)
    with pytest.raises(StoreError, match="have changed"):
        any_store.open_test("s000000001", "digits", "6" * 64, 359)
    any_store.open_test("s000000002", "digits", "6" * 64, 180)
    assert [opening.images for opening in any_store.openings("digits")] == [359, 180]


def test_test_scores_come_back_as_they_were_saved(any_store: Store) -> None:
    run = any_store.create(spec())
    assert any_store.test_scores(run.id) is None
    probabilities = np.random.default_rng(0).dirichlet(np.ones(10), 7).astype(np.float32)
    correct = np.arange(7) % 2 == 0
    any_store.files(run.id).save_weights({TEST: probabilities, "correct": correct}, TEST)
    found = any_store.test_scores(run.id)
    assert found is not None
    assert (found.probabilities.dtype, found.correct.dtype) == (np.dtype(np.float32), np.dtype(np.bool_))
    assert np.array_equal(found.probabilities, probabilities)
    assert np.array_equal(found.correct, correct)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"roles": 3, "epochs": []}', '{"roles": [], "epochs": [], "x": 1}'])
def test_a_confirmation_of_another_version_is_a_sentence(text: str) -> None:
    with pytest.raises(StoreError, match="confirmation holds something that this version cannot read"):
        Confirmation.of("s000000001", text)


def test_a_confirmation_survives_its_text() -> None:
    whole = Confirmation("s000000001", "best", 3, 10, SHA256, (("best",), ("added",)))
    assert Confirmation.of("s000000001", whole.to_json()) == whole
    common = replace(whole, rule="common", epochs=(3, 9))
    assert Confirmation.of("s000000001", common.to_json()) == common


def test_neither_a_confirmed_sweep_nor_what_confirms_it_gets_more_epochs(any_store: Store) -> None:
    sweep = add_sweep(any_store)
    any_store.sweep_files(sweep.id, 0).save_checkpoint(Checkpoint({}, {}))
    assert any_store.why_not_extensible(sweep) is None
    made = any_store.create(FRESH, confirmation=linked(sweep), owner=any_store.owner())
    any_store.finish([Ending(made.id, "finished")])
    assert "is confirmed" in str(any_store.why_not_extensible(sweep))
    assert "confirms another sweep" in str(any_store.why_not_extensible(any_store.sweep(made.id)))
    for one in (sweep, made):
        with pytest.raises(StoreError, match="duplicate"):
            any_store.extend(one.id, 99)


def test_a_learning_rate_check_is_linked_by_its_key_alone(any_store: Store) -> None:
    sweep = add_sweep(any_store)
    assert (any_store.rate_checks(sweep.id), sweep.checks_rate_of) == ([], None)
    key = any_store.next_rate_check(sweep.id)
    first = any_store.create(FRESH, key=key)
    assert any_store.create(FRESH, key=key).id == first.id  # a second press
    assert first.checks_rate_of == sweep.id
    second = any_store.create(FRESH, key=any_store.next_rate_check(sweep.id))
    assert [one.id for one in any_store.rate_checks(sweep.id)] == [second.id, first.id]
    any_store.delete([first.id])
    assert [one.id for one in any_store.rate_checks(sweep.id)] == [second.id]
    assert any_store.next_rate_check(sweep.id) not in (first.key, second.key)
    assert any_store.create(FRESH, key="check-lr").checks_rate_of is None
    assert "checks another sweep" in str(any_store.why_not_extensible(add_check(any_store, sweep)))


def add_check(store: Store, sweep: Sweep) -> Sweep:
    """A finished check of ``sweep``."""
    made = store.create(FRESH, key=store.next_rate_check(sweep.id), owner=store.owner())
    store.finish([Ending(made.id, "finished")])
    return store.sweep(made.id)
