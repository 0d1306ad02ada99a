"""Groups of the table of runs against means and standard errors by hand, on SQLite and PostgreSQL."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.factories import add_run, add_sweep, metrics, spec

from reglab.store import Ending, RunFilter, RunGroup, RunOrder, Store
from reglab.store import run_table_columns as t
from reglab.store.run_table_groups import GROUP, LAMBDAS, REPEAT, SETTING, groups_of, lambda_label
from reglab.sweep import SweepSpec

ACCURACY = {(0.0, 0): 0.7, (0.0, 1): 0.8, (0.1, 0): 0.9, (0.1, 1): 0.92}


def listed(store: Store, by: str, **more: object) -> dict[str, RunGroup]:
    groups = store.run_groups(by, **more)  # type: ignore[arg-type]
    return {group.label: group for group in store.name_groups(groups.at(groups.keys))}


@pytest.fixture
def four(any_store: Store) -> Store:
    """λ₂ = 0 and 0.1, seeds 0 and 1, as single runs."""
    for (l2, seed), accuracy in ACCURACY.items():
        wanted = spec(penalty__l2=l2, train__seed=seed, data__seed=seed)
        add_run(any_store, wanted, epochs=[metrics(1, val_acc=accuracy)], name=f"{l2} {seed}")
    return any_store


def test_a_group_is_the_mean_of_its_runs_with_the_standard_error_over_seeds(four: Store) -> None:
    groups = listed(four, "lambda")
    assert list(groups) == ["λ₂ = 0.1", "no penalty"]
    held = groups["λ₂ = 0.1"]
    assert (len(held.runs), held.seeds, held.states) == (2, 2, {"finished": 2})
    assert held.means[t.LAST_ACC] == pytest.approx(0.91)
    assert held.errors[t.LAST_ACC] == pytest.approx(np.std([0.9, 0.92], ddof=1) / math.sqrt(2))
    assert held.errors[t.LAMBDA2] == 0


def test_over_several_settings_the_error_is_that_of_the_seeds_means_and_not_of_the_spread(four: Store) -> None:
    (whole,) = listed(four, "cnn").values()
    by_seed = [(0.7 + 0.9) / 2, (0.8 + 0.92) / 2]
    assert whole.means[t.LAST_ACC] == pytest.approx(np.mean(by_seed))
    assert whole.errors[t.LAST_ACC] == pytest.approx(np.std(by_seed, ddof=1) / math.sqrt(2))


def test_seeds_with_different_settings_have_no_standard_error(four: Store) -> None:
    add_run(four, spec(penalty__l2=0.5, train__seed=0, data__seed=0), epochs=[metrics(1, val_acc=0.5)])
    (whole,) = listed(four, "cnn").values()
    assert math.isnan(whole.errors[t.LAST_ACC])
    assert whole.counts[t.LAST_ACC] == 5


def test_figures_that_are_not_finite_count_in_no_mean(four: Store) -> None:
    bad = spec(penalty__l2=0.1, train__seed=2, data__seed=2)
    add_run(four, bad, epochs=[metrics(1, val_acc=math.nan, gap_loss=math.inf)], state="diverged")
    held = listed(four, "lambda")["λ₂ = 0.1"]
    assert (len(held.runs), held.counts[t.LAST_ACC], held.seeds) == (3, 2, 3)
    assert held.means[t.LAST_ACC] == pytest.approx(0.91)
    assert held.record()["figures"][t.LAST_ACC] == pytest.approx(0.91)
    assert held.record()["figures"][t.TEST_ACC] is None


def test_a_sweep_is_one_group_under_its_name_and_other_runs_are_single(any_store: Store) -> None:
    sweep = add_sweep(any_store, SweepSpec(run=spec(train__epochs=1), l2=(0.0, 0.1), seeds=2), epochs=1, name="mine")
    alone = add_run(any_store, name="alone")
    groups = listed(any_store, "sweep")
    assert list(groups) == [alone.id, "mine"]
    assert (groups[alone.id].single, groups["mine"].single) == (True, False)
    assert set(groups["mine"].runs) == {run.id for run in any_store.sweep_runs(sweep.id)}
    assert list(listed(any_store, "sweep", wanted=RunFilter(text="alone"))) == [alone.id]


def test_groups_are_ordered_by_their_means_those_without_a_figure_last(four: Store) -> None:
    add_run(four, spec(penalty__l2=0.3), epochs=0, state="failed")
    best = listed(four, "lambda", order=RunOrder(t.LAST_ACC, True))
    worst = listed(four, "lambda", order=RunOrder(t.LAST_ACC, False))
    assert list(best) == ["λ₂ = 0.1", "no penalty", "λ₂ = 0.3"]
    assert list(worst) == ["no penalty", "λ₂ = 0.1", "λ₂ = 0.3"]
    assert list(listed(four, "lambda")) == ["λ₂ = 0.3", "λ₂ = 0.1", "no penalty"]  # newest first


def test_runs_that_are_newer_than_the_figures_are_read_too(four: Store) -> None:
    figures = four.run_figures()
    run = add_run(four, spec(penalty__l2=0.7))
    assert listed(four, "lambda", figures=figures)["λ₂ = 0.7"].runs == (run.id,)


def test_the_figures_of_running_runs_can_be_read_alone(four: Store) -> None:
    busy = add_run(four, state="running")
    assert four.run_figures(("running",)).index.tolist() == [busy.id]
    four.finish([Ending(busy.id, "finished")])
    assert four.run_figures(("running",)).empty


def test_a_row_that_cannot_be_read_costs_no_other(store: Store) -> None:
    add_run(store)
    bad = add_run(store)
    with store._database.write() as connection:
        connection.exec_driver_sql(
            f"UPDATE runs SET spec = '?', name = x'ff', best_val_acc = 'x' WHERE id = '{bad.id}'"
        )
    assert {label: len(group.runs) for label, group in listed(store, "lambda").items()} == {
        "unknown": 1,
        "λ₂ = 0.01": 1,
    }


def test_no_runs_are_no_groups(store: Store) -> None:
    assert listed(store, "sweep") == {}


@pytest.mark.parametrize(
    ("key", "label"),
    [("0", "no penalty"), ("?", "unknown"), ("l1=1e-4,l2=0.01 proximal", "λ₁ = 1e-4, λ₂ = 0.01 proximal"),
     ("group=0.02", "λᴳ = 0.02"), ("gone=3", "gone = 3")],
)  # fmt: skip
def test_a_lambda_has_its_symbol(key: str, label: str) -> None:
    assert lambda_label(key) == label


rows = st.lists(
    st.tuples(
        st.sampled_from("ab"), st.integers(0, 3), st.integers(0, 2), st.floats(0, 1) | st.just(math.nan)
    ),
    min_size=1,
    max_size=24,
)  # fmt: skip


@settings(max_examples=60)
@given(rows)
def test_means_and_errors_are_those_of_a_loop(found: list[tuple[str, int, int, float]]) -> None:
    frame = _frame(found)
    groups = groups_of(frame, list(frame.index), "cnn", RunOrder())
    for group in groups.at(groups.keys):
        mine = [(seed, setting, value) for key, seed, setting, value in found if key == group.key]
        finite = [one for one in mine if math.isfinite(one[2])]
        assert group.counts[t.LAST_ACC] == len(finite)
        if not finite:
            assert math.isnan(group.means[t.LAST_ACC])
            continue
        assert group.means[t.LAST_ACC] == pytest.approx(np.mean([value for *_, value in finite]))
        assert group.errors[t.LAST_ACC] == pytest.approx(_error(finite), nan_ok=True, abs=1e-12)


def _frame(found: list[tuple[str, int, int, float]]) -> pd.DataFrame:
    blank: Mapping[str, float] = dict.fromkeys(t.FIGURES, math.nan)
    return pd.DataFrame(
        [
            {t.RUN: f"r{i}", t.STATE: "finished", t.MODEL: key, GROUP: "g", LAMBDAS: "0", SETTING: str(setting),
             REPEAT: str(seed), **blank, t.LAST_ACC: value}
            for i, (key, seed, setting, value) in enumerate(found)
        ]
    ).set_index(t.RUN)  # fmt: skip


def _error(finite: list[tuple[int, int, float]]) -> float:
    """s/√J of the means of J seeds, where each of them has every setting."""
    settings_of = {seed: {setting for other, setting, _ in finite if other == seed} for seed, *_ in finite}
    if len(settings_of) < 2 or len({frozenset(own) for own in settings_of.values()}) > 1:
        return math.nan
    means = [np.mean([value for other, _, value in finite if other == seed]) for seed in settings_of]
    return float(np.std(means, ddof=1) / math.sqrt(len(means)))
