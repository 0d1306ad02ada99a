"""Regularizers compared at equal budgets: the choice of each, its difference to none, and every pair."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.stats import t as student  # type: ignore[import-untyped]
from tests.analysis.sweeps import lanes_of, one_epoch

from reglab import columns
from reglab.analysis import Chance
from reglab.analysis.families import EARLY_STOPPING, Linked, compare_families, name_of, settings_of, without
from reglab.analysis.paired import interval, paired_difference, simultaneous
from reglab.analysis.sign_flips import max_t
from reglab.errors import SpecError
from reglab.spec import RunSpec
from reglab.sweep import SweepSpec

OVERLAP = 0.43
NOISE = np.array([0.010, -0.012, 0.004, -0.007, 0.009, -0.004])
"""What the runs of a repeat have in common: J = 6."""

WOBBLE = np.array([0.001, -0.002, 0.002, 0.0, -0.001, 0.0])


def accuracies(gain: float, wobble: float = 1.0) -> list[float]:
    """The accuracy of each repeat."""
    return [float(value) for value in 0.80 + gain + NOISE + wobble * WOBBLE]


NONE = accuracies(0.0, 0.0)
L2 = {0.0: NONE, 0.001: accuracies(0.02), 0.01: accuracies(0.04, 2)}
DROPOUT = {0.1: accuracies(0.01), 0.3: accuracies(0.0401, 2.1)}
SHIFT = accuracies(-0.03, -1)
STOPPED = accuracies(0.03, 3)


def sweep_of(**changes: Any) -> SweepSpec:
    return SweepSpec.parse({"run": {"penalty": {"l2": 0.0}}, "seeds": 6, **changes})


def linked(
    spec: SweepSpec,
    figures: Sequence[Sequence[float]],
    best: Sequence[Sequence[float]] | None = None,
    states: Mapping[int, str] | None = None,
) -> Linked:
    """A sweep with ``figures``, the last accuracies of each point; ``best`` are those of the first of two epochs."""
    lanes = lanes_of(spec, states)
    values, first = (np.array(each).T.ravel() for each in (figures, best or figures))  # repeats outermost
    low = 0.0 if best else 2.0
    last = one_epoch(lanes, val_acc=list(values), val_loss=list(1 - values)).assign(**{columns.EPOCH: 2})
    begun = one_epoch(lanes, val_acc=list(first), val_loss=list(low + 0.001 * (1 - first)))
    return Linked(spec, lanes, pd.concat([begun, last], ignore_index=True))


def augmented(augment: str, figures: Sequence[float]) -> Linked:
    run = {"penalty": {"l2": 0.0}, "regularize": {"augment": augment}}
    return linked(sweep_of(run=run, l2=[0]), [figures])


def every() -> list[Linked]:
    l2 = linked(sweep_of(l2=list(L2)), list(L2.values()), [STOPPED, *list(L2.values())[1:]])
    dropout = linked(sweep_of(over={"model.dropout": list(DROPOUT)}), list(DROPOUT.values()))
    return [l2, dropout, augmented("shift", SHIFT), augmented("rotate", accuracies(-0.05))]


def compared(sweeps: Sequence[Linked], **how: Any) -> Any:
    return compare_families(sweeps, **{"overlap": OVERLAP, "measure": columns.VAL_ACC, **how})


def test_each_family_has_its_best_value_and_early_stopping_is_none_at_its_best_epoch() -> None:
    found = compared(every())
    assert [one.label for one in found.families] == ["λ₂ = 0.01", "dropout 0.3", "augmentation shift", EARLY_STOPPING]
    assert [one.tried for one in found.families] == [2, 2, 2, 1]
    assert [one.at_end for one in found.families] == [True, True, False, False]
    assert found.none.values == pytest.approx(NONE)
    assert found.families[-1].figure.values == pytest.approx(STOPPED)
    assert (found.missing, found.candidates, found.rule) == ((), 7, "last")


def test_differences_and_simultaneous_intervals_are_those_of_nadeau_and_bengio_by_hand() -> None:
    found = compared(every())
    assert (found.level, found.pair_level) == pytest.approx((1 - 0.05 / 4, 1 - 0.05 / 6))  # 4 families, 6 pairs
    d = np.array(L2[0.01]) - np.array(NONE)
    half = student.ppf(1 - 0.05 / 8, 5) * d.std(ddof=1) * np.sqrt(1 / 6 + OVERLAP)
    own = found.families[0].difference
    assert_allclose([own.value, own.low, own.high], [d.mean(), d.mean() - half, d.mean() + half], rtol=1e-9)
    assert (own.repeats, own.better_in) == (6, 6)
    by_labels = {(pair.first.key, pair.second.key): pair.difference for pair in found.pairs}
    assert len(by_labels) == 6
    pair = by_labels["penalty.l2", "model.dropout"]
    d = np.array(L2[0.01]) - np.array(DROPOUT[0.3])
    half = student.ppf(1 - 0.05 / 12, 5) * d.std(ddof=1) * np.sqrt(1 / 6 + OVERLAP)
    assert_allclose([pair.value, pair.low, pair.high], [d.mean(), d.mean() - half, d.mean() + half], atol=1e-12)
    assert pair.conclusion == "equivalent"
    assert by_labels["penalty.l2", "regularize.augment"].conclusion == "better"


def test_of_one_pair_alone_the_interval_is_the_usual_one() -> None:
    l2, dropout, *_ = every()
    found = compared([dataclasses.replace(l2, spec=sweep_of(l2=list(L2), epoch="best")),
                      dataclasses.replace(dropout, spec=sweep_of(over=dropout.spec.over, epoch="best"))])  # fmt: skip
    assert (len(found.pairs), found.pair_level) == (1, 0.95)
    assert (len(found.families), found.level) == (2, 0.975)


def test_what_one_interval_calls_equivalent_many_may_not() -> None:
    """A pair whose own 95 % interval lies within half a point, and whose interval as one of six does not."""
    near = accuracies(0.04, 3.5)
    l2, _, *rest = every()
    found = compared([l2, linked(sweep_of(over={"model.dropout": [0.1]}), [near]), *rest])
    pair = next(one for one in found.pairs if one.second.key == "model.dropout")
    alone = paired_difference(np.array(L2[0.01]), np.array(near), OVERLAP)
    assert alone is not None
    assert (alone.conclusion, pair.difference.conclusion) == ("equivalent", "not distinguishable")


def test_all_intervals_of_nothing_hold_together() -> None:
    """Of 5 equally good regularizers, 10 pairs: some interval misses 0 in 5 % of cases, and in more at 95 % each."""
    rng, pairs = np.random.default_rng(0), list(combinations(range(5), 2))
    means = rng.normal(size=(4000, 5, 6))
    differences = np.concatenate([means[:, i] - means[:, j] for i, j in pairs])

    def missed(level: float) -> float:
        low, high = interval(differences, 0.0, level)
        return float(((low > 0) | (high < 0)).reshape(len(pairs), -1).any(axis=0).mean())

    assert missed(simultaneous(len(pairs))) < 0.05
    assert missed(0.95) > 0.2


def test_p_values_are_adjusted_for_every_value_of_every_family() -> None:
    found, shift, rotate = compared(every()), np.array(SHIFT), np.array(accuracies(-0.05))
    tried = [*map(np.array, [L2[0.001], L2[0.01], DROPOUT[0.1], DROPOUT[0.3]]), rotate, shift, np.array(STOPPED)]
    family = [0, 0, 1, 1, 2, 2, 3]
    p = max_t(np.stack(tried) - np.array(NONE), OVERLAP)
    assert [one.difference.p_adjusted for one in found.families] == pytest.approx(list(p[[1, 3, 5, 6]]))
    cross = [(i, j) for i in range(7) for j in range(i + 1, 7) if family[i] != family[j]]
    assert found.compared == len(cross) == 18
    p = max_t(np.stack([tried[i] - tried[j] for i, j in cross]), OVERLAP)
    chosen = [cross.index(pair) for pair in ((1, 3), (1, 5), (1, 6), (3, 5), (3, 6), (5, 6))]
    assert [pair.difference.p_adjusted for pair in found.pairs] == pytest.approx(list(p[chosen]))


def test_by_loss_lower_is_better_and_nothing_is_equivalent() -> None:
    found = compared(every(), measure=columns.VAL_LOSS)
    assert found.families[0].difference.value == pytest.approx(-0.04)
    assert found.families[0].difference.better_in == 6
    assert "equivalent" not in {pair.difference.conclusion for pair in found.pairs}


def test_under_the_rule_of_the_best_epoch_early_stopping_is_none_itself() -> None:
    spec = sweep_of(l2=list(L2), epoch="best")
    found = compared([linked(spec, list(L2.values()), list(L2.values()))])
    assert [one.key for one in found.families] == ["penalty.l2"]


def test_values_at_chance_or_with_a_diverged_run_are_never_chosen() -> None:
    l2, dropout, *_ = every()
    diverged = linked(l2.spec, list(L2.values()), states={2: "diverged"})
    at_chance = augmented("erase", [0.1] * 6)
    found = compared([diverged, dropout, at_chance], chance=Chance(10, 400))
    assert [one.label for one in found.families][:2] == ["λ₂ = 0.001", "dropout 0.3"]
    assert found.missing == ("regularize.augment",)


def test_of_equal_accuracies_the_lower_loss_decides() -> None:
    spec = sweep_of(over={"model.dropout": [0.0, 0.1, 0.2]})
    lanes = lanes_of(spec)
    losses = [0.5, 0.4, 0.3] * 6
    found = compared([Linked(spec, lanes, one_epoch(lanes, val_acc=[0.8, 0.9, 0.9] * 6, val_loss=losses))])
    assert found.families[0].value == 0.2


def test_before_there_is_a_figure_without_any_there_is_nothing() -> None:
    one = every()[0]
    assert compared([Linked(one.spec, one.lanes, one.epochs.iloc[:0])]) is None


def test_the_order_of_sweeps_changes_nothing_but_the_reference_of_settings() -> None:
    first, second, *rest = every()
    one, other = compared([first, second, *rest]), compared([first, *rest[::-1], second])
    assert one == other


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"run": {"penalty": {"l2": 0.0}, "optim": {"lr": 0.1}}, "l2": [0.1]}, "differ from the others in more"),
        ({"run": {"penalty": {"l2": 0.0}, "train": {"seed": 5}}, "l2": [0.1]}, "differ from the others in more"),
        ({"l2": [0.1], "seeds": 5}, "repeats"),
        ({"l2": [0.1], "epoch": "best"}, "epoch rule"),
        ({"l2": [0.1], "apply": ["coupled", "decoupled"]}, "penalty modes"),
        ({"l2": [0.1], "over": {"model.dropout": [0.1]}}, "several regularizers: λ₂, dropout"),
    ],
)
def test_sweeps_that_differ_in_more_than_one_regularizer_are_refused(changes: dict[str, Any], why: str) -> None:
    spec = sweep_of(**changes)
    other = linked(spec, [[0.5] * spec.repeats] * (spec.size // spec.repeats))
    with pytest.raises(SpecError, match=why):
        compared([every()[0], other])


def test_without_any_run_without_a_regularizer_there_is_no_comparison() -> None:
    with pytest.raises(SpecError, match="without any regularizer"):
        compared([linked(sweep_of(l2=[0.1]), [NONE])])


def test_settings_of_a_run_are_those_of_its_penalty_and_its_regularizers() -> None:
    run = RunSpec.parse({
        "model": {"dropout": 0.3}, "penalty": {"l1": 0.0, "l2": 0.01},
        "regularize": {"augment": "shift", "max_norm": 3}, "train": {"patience": 4},
    })  # fmt: skip
    assert settings_of(run) == {
        "penalty.l2": 0.01, "model.dropout": 0.3, "regularize.augment": "shift", "regularize.max_norm": 3,
        "train.patience": 4,
    }  # fmt: skip
    assert settings_of(without(run)) == {}
    assert [name_of(key) for key in ("penalty.l1", "regularize.mixup")] == ["λ₁", "mixup"]


def test_the_frame_has_a_row_a_family_with_a_colour_for_lambda_only() -> None:
    frame = compared(every()).frame()
    assert list(frame[columns.FAMILY]) == ["λ₂ = 0.01", "dropout 0.3", "augmentation shift", EARLY_STOPPING]
    assert_allclose(frame[columns.FAMILY_VALUE], [0.01, np.nan, np.nan, np.nan])
    assert_allclose(frame[columns.DIFFERENCE], [0.04, 0.0401, -0.03, 0.03], atol=1e-9)
    assert (frame[columns.LOW] < frame[columns.HIGH]).all()
