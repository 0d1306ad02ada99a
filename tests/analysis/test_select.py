"""The best λ, the 1-SE choice and the regimes, chosen again one by one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.sweeps import Row, lanes_of, one_epoch, trained

from reglab import columns as c
from reglab.analysis import RULE, Chance, best_row, chosen, regimes, sweep_table
from reglab.sweep import SweepSpec

CHANCE = Chance(10, 539)
MEASURES = st.sampled_from([c.VAL_ACC, c.VAL_LOSS, c.GAP_LOSS])


def _place(row: Row) -> tuple[float, float, float]:
    return row[c.LAMBDA], row[c.LAMBDA1], row[c.LAMBDA2]


def _score(row: Row, measure: str) -> float:
    return float(row[measure] if measure == c.VAL_ACC else -row[measure])


def _choose(rows: list[Row], measure: str) -> tuple[Row | None, Row | None]:
    """The best and the one-standard-error row, by the rule's text."""
    fit = [row for row in rows if row[c.N] and not row[c.DIVERGED]]
    if not fit:
        return None, None
    loss = c.VAL_LOSS if measure == c.VAL_ACC else measure
    best = max(fit, key=lambda row: (round(_score(row, measure), 7), round(-row[loss], 7), _place(row)))
    error = best[measure + c.SE]
    if math.isnan(error):
        return best, None
    within = [row for row in fit if _score(row, measure) >= _score(best, measure) - error - 1e-9]
    return best, max(within, key=_place)


def _records(table: pd.DataFrame) -> list[Row]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


@settings(max_examples=100)
@given(trained(), MEASURES)
def test_each_mode_has_the_best_and_the_1_se_choice(sweep: tuple[pd.DataFrame, pd.DataFrame], measure: str) -> None:
    table = chosen(sweep_table(*sweep), measure)
    for _, own in table.groupby(c.APPLY):
        rows = _records(own)
        best, one_se = _choose(rows, measure)
        assert [row for row in rows if row[c.BEST]] == ([best] if best else [])
        assert [row for row in rows if row[c.ONE_SE]] == ([one_se] if one_se else [])
        if best and one_se:
            assert _place(one_se) >= _place(best)


@settings(max_examples=100)
@given(trained(), MEASURES)
def test_every_point_has_the_regime_of_the_rule(sweep: tuple[pd.DataFrame, pd.DataFrame], measure: str) -> None:
    table = regimes(chosen(sweep_table(*sweep), measure), measure)
    for _, own in table.groupby(c.APPLY):
        rows = sorted(_records(own), key=_place)
        best, _ = _choose(rows, measure)
        expected = [_regime(row, best, measure) for row in rows]
        if _is_line(rows) and "fits" in expected:
            first, last = expected.index("fits"), len(expected) - expected[::-1].index("fits")
            inside = [one if one in (None, "diverged") else "fits" for one in expected[first:last]]
            expected[first:last] = inside
        assert [row[c.REGIME] if isinstance(row[c.REGIME], str) else None for row in rows] == expected


def _is_line(rows: list[Row]) -> bool:
    """One λ varies, or λ₁ and λ₂ in proportion."""
    l1, l2 = ([float(row[name]) for row in rows] for name in (c.LAMBDA1, c.LAMBDA2))
    if len(set(l1)) == 1 or len(set(l2)) == 1:
        return True
    return all(math.isclose(a * max(l2), b * max(l1), rel_tol=1e-6) for a, b in zip(l1, l2, strict=True))


def _regime(row: Row, best: Row | None, measure: str) -> str | None:
    if not row[c.N]:
        return "diverged" if row[c.DIVERGED] else None
    if best is None:
        return None
    error = best[measure + c.SE]
    margin = 0.005 if math.isnan(error) else error
    if _score(row, measure) >= _score(best, measure) - margin - 1e-9:
        return "fits"
    return "overfits" if row[c.TRAIN_LOSS] < best[c.TRAIN_LOSS] else "underfits"


@settings(max_examples=40)
@given(trained(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_choice(sweep, random) -> None:  # type: ignore[no-untyped-def]
    table = sweep_table(*sweep)
    places = list(range(len(table)))
    random.shuffle(places)
    mixed = regimes(chosen(table.iloc[places]))
    pd.testing.assert_frame_equal(mixed.sort_index(), regimes(chosen(table)), check_exact=True)


def _swept(means: list[float], errors: list[float], **figures: Any) -> pd.DataFrame:
    """A sweep of λ = 0, 1, 2, … with these means and errors of the validation accuracy."""
    lanes = lanes_of(SweepSpec(l2=tuple(float(i) for i in range(len(means)))))
    table = sweep_table(lanes, one_epoch(lanes, val_acc=means))
    return table.assign(**{c.VAL_ACC + c.SE: errors, **figures})


def _marked(table: pd.DataFrame, column: str) -> list[float]:
    return table[c.LAMBDA][table[column]].tolist()


def test_the_one_standard_error_rule_by_hand() -> None:
    table = chosen(_swept([0.80, 0.90, 0.93, 0.92, 0.915, 0.60], [0.1, 0.1, 0.01, 0.1, 0.1, 0.1]))
    assert (_marked(table, c.BEST), _marked(table, c.ONE_SE)) == ([2.0], [3.0])
    wider = table.assign(**{c.VAL_ACC + c.SE: 0.02})
    assert _marked(chosen(wider), c.ONE_SE) == [4.0]


def test_equal_means_go_to_the_larger_lambda() -> None:
    table = chosen(_swept([0.1 + 0.2, 0.3, 0.2], [0.0, 0.0, 0.0]))
    assert (_marked(table, c.BEST), _marked(table, c.ONE_SE)) == ([1.0], [1.0])


def test_of_a_loss_the_lowest_is_the_best() -> None:
    lanes = lanes_of(SweepSpec(l2=(0.0, 1.0, 2.0)))
    table = sweep_table(lanes, one_epoch(lanes, val_loss=[0.9, 0.5, 0.7]))
    assert _marked(chosen(table, c.VAL_LOSS), c.BEST) == [1.0]


def test_a_single_repeat_has_a_best_and_no_1_se_choice() -> None:
    table = chosen(_swept([0.8, 0.9], [np.nan, np.nan]))
    assert (_marked(table, c.BEST), _marked(table, c.ONE_SE)) == ([1.0], [])


def test_a_point_with_a_diverged_repeat_is_never_chosen() -> None:
    table = chosen(_swept([0.8, 0.9, 0.95], [0.5, 0.5, 0.5], n_diverged=[0, 0, 1]))
    assert (_marked(table, c.BEST), _marked(table, c.ONE_SE)) == ([1.0], [1.0])
    nothing = chosen(table.assign(n_diverged=1))
    assert not nothing[[c.BEST, c.ONE_SE]].any(axis=None)
    assert best_row(nothing) is None
    assert regimes(nothing)[c.REGIME].isna().all()


def test_the_best_row_is_the_best_of_all_modes_or_of_one() -> None:
    lanes = lanes_of(SweepSpec(l2=(0.0, 1.0), apply=("coupled", "decoupled")))
    table = chosen(sweep_table(lanes, one_epoch(lanes, val_acc=[0.5, 0.6, 0.9, 0.7])))
    assert (best_row(table), best_row(table, apply="coupled"), best_row(table, apply="proximal")) == (2, 1, None)
    assert best_row(table.iloc[::-1]) == 1


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (0.02, ["overfits", "fits", "fits", "fits", "underfits"]),
        (np.nan, ["overfits", "overfits", "fits", "fits", "underfits"]),
    ],
)
def test_regimes_by_hand(error: float, expected: list[str]) -> None:
    losses = [0.1, 0.2, 0.3, 0.4, 2.0]
    table = _swept([0.80, 0.91, 0.92, 0.916, 0.1], [error] * 5, train_loss=losses)
    assert regimes(chosen(table))[c.REGIME].tolist() == expected
    assert set(expected) <= set(c.REGIMES)
    assert RULE.endswith(".")


def test_a_point_without_figures_has_no_regime_unless_all_repeats_diverged() -> None:
    table = _swept([0.8, np.nan, np.nan, 0.7], [0.01] * 4, n=[1, 0, 0, 1], n_diverged=[0, 1, 0, 1])
    assert regimes(chosen(table))[c.REGIME].fillna("none").tolist() == ["fits", "diverged", "none", "underfits"]


def test_collapse_is_an_accuracy_at_chance() -> None:
    table = chosen(_swept([0.10, 0.1232, 0.1234, np.nan], [0.0] * 4))
    for chance, expected in ((Chance(10, 539), [0.0, 1.0]), (Chance(2, 539), [0.0, 1.0, 2.0]), (None, [])):
        judged = regimes(table, chance=chance)
        assert judged[c.LAMBDA][judged[c.REGIME] == "at chance"].tolist() == expected


def test_an_empty_sweep_has_no_best_row() -> None:
    table = _swept([0.5], [0.1]).iloc[:0]
    judged = regimes(chosen(table))
    assert judged.empty
    assert {c.BEST, c.ONE_SE, c.REGIME} <= set(judged)
    assert best_row(judged) is None


def test_what_learnt_nothing_is_never_chosen_and_never_fits() -> None:
    """Ten classes: 0.12 is chance. Where chance is not known it is a figure like any other."""
    means = {0.0: 0.5, 0.1: 0.12, 1.0: 0.1}
    table = _table(means, error=0.45)
    assert chosen(table)[c.ONE_SE].tolist() == [False, False, True]
    judged = regimes(chosen(table, chance=CHANCE), chance=CHANCE)
    assert judged[c.BEST].tolist() == judged[c.ONE_SE].tolist() == [True, False, False]
    assert judged[c.REGIME].tolist()[0] == "fits"
    assert judged[c.REGIME].tolist()[1:] == ["at chance"] * 2
    assert not chosen(_table({0.0: 0.1, 0.1: 0.12}, error=0.01), chance=CHANCE)[c.BEST].any()


def test_a_dip_between_two_that_fit_is_no_regime_of_its_own() -> None:
    table = _table({0.0: 0.7, 0.01: 0.895, 0.02: 0.85, 0.03: 0.9, 0.1: 0.6}, error=0.01)
    found = regimes(chosen(table))[c.REGIME].tolist()
    assert found[1:4] == ["fits"] * 3
    assert "fits" not in (found[0], found[4])


def _table(means: dict[float, float], error: float) -> pd.DataFrame:
    """An L2 sweep with these validation accuracies, all with the same standard error."""
    rows = [
        {
            c.APPLY: "coupled", c.LAMBDA: value, c.LAMBDA1: 0.0, c.LAMBDA2: value, c.N: 3, c.DIVERGED: 0,
            c.VAL_ACC: mean, c.VAL_ACC + c.SE: error, c.TRAIN_LOSS: 0.1 + value, c.TRAIN_LOSS + c.SE: 0.01,
            c.VAL_LOSS: 1.0,
        }
        for value, mean in means.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)
