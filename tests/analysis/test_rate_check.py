"""Whether the learning rate moves the choice: by hand figures, each way it can come out, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.analysis.sweeps import lanes_of, one_epoch

from reglab import columns as c
from reglab.analysis import Chance, RateCheck, SweepJudgement, judge_sweep, rate_check
from reglab.analysis.paired import paired_difference
from reglab.analysis.sign_flips import max_t
from reglab.sweep import Point, SweepSpec

LAMBDAS = (0.0, 0.01, 0.03)
RATES = (0.001, 0.009)
WOBBLE = (0.0, 0.002, -0.001, 0.003, 0.001, -0.002)
MIDDLE, LAST = (0.80, 0.90, 0.88), (0.80, 0.86, 0.92)


def _spec(seeds: int = 6, **more: Any) -> SweepSpec:
    return SweepSpec.parse({"l2": LAMBDAS, "run": {"optim": {"lr": 0.003}}, "seeds": seeds, **more})


def _accuracies(spec: SweepSpec, means: dict[float | None, Sequence[float]], noise: float = 1.0) -> pd.DataFrame:
    """An epoch of every lane: the mean of its value at its rate, and a wobble that values share but for 0.001."""
    lanes, values = lanes_of(spec), []
    for lane in spec.lanes():
        place = spec.axes[0].values.index(lane.point.value)
        own = noise * WOBBLE[(lane.repeat + place) % 6]
        values.append(means[lane.point.second][place] + WOBBLE[lane.repeat % 6] + own)
    return one_epoch(lanes, val_acc=values, val_loss=[1 - value for value in values])


def _judged(spec: SweepSpec, **how: Any) -> SweepJudgement:
    return judge_sweep(spec, lanes_of(spec), _accuracies(spec, {None: MIDDLE}), overlap=0.43, **how)


def _checked(
    low: Sequence[float], high: Sequence[float], *, seeds: int = 6, noise: float = 1.0, states: Any = None, **how: Any
) -> RateCheck:
    spec, check = _spec(seeds), _spec(seeds, over={"optim.lr": RATES})
    epochs = _accuracies(check, dict(zip(RATES, (low, high), strict=True)), noise)
    found = rate_check(spec, _judged(spec, **how), check, lanes_of(check, states), epochs)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("low", "high", "how", "text"),
    [
        (MIDDLE, MIDDLE, {}, "Learning rate ÷ 3 and × 3 do not move the choice."),
        (
            MIDDLE, LAST, {},
            "Learning rate × 3 moves the choice from 0.01 to 0.03. Learning rate ÷ 3 does not move it.",
        ),
        (
            (0.9, 0.8, 0.8), LAST, {},
            "Learning rate ÷ 3 moves the choice from 0.01 to 0. Learning rate × 3 moves the choice from 0.01 to 0.03.",
        ),
        (
            MIDDLE, LAST, {"seeds": 4},
            "Learning rate × 3 moves the choice from 0.01 to 0.03, as 4 seeds suggest. "
            "Learning rate ÷ 3 does not move it.",
        ),
        (
            MIDDLE, (0.80, 0.900, 0.901), {"noise": 5.0},
            "Learning rate × 3 moves the choice from 0.01 to 0.03 on average, where both are not distinguishable with "
            "6 seeds. Learning rate ÷ 3 does not move it.",
        ),
        (
            MIDDLE, (0.80, 0.900, 0.901), {"noise": 0.1},
            "Learning rate × 3 moves the choice from 0.01 to 0.03, where both are equivalent within 0.5 points. "
            "Learning rate ÷ 3 does not move it.",
        ),
        (
            MIDDLE, (0.1, 0.1, 0.1), {"chance": Chance(10, 539)},
            "Learning rate ÷ 3 does not move the choice. At learning rate × 3 there is no choice: every λ is at chance "
            "or has runs that diverge.",
        ),
    ],
)  # fmt: skip
def test_what_the_check_says(low: Any, high: Any, how: dict[str, Any], text: str) -> None:
    found = _checked(low, high, **how)
    assert found.text == text
    assert found.moved == ("do not move" not in text)
    assert found.shown == (found.moved and "distinguishable" not in text and "equivalent" not in text)


def test_where_every_value_diverges_there_is_no_choice() -> None:
    check = _spec(over={"optim.lr": RATES})
    gone = {i: "diverged" for i, lane in enumerate(check.lanes()) if lane.point.second == 0.009}
    found = _checked(MIDDLE, MIDDLE, states=gone)
    assert found.text.endswith("At learning rate × 3 there is no choice: every λ has runs that diverge.")
    assert found.others[1].best is None


def test_the_move_is_tested_at_its_own_rate_against_the_first_choice() -> None:
    """Difference and interval are those of the figures at that rate; p is adjusted for the values at both rates."""
    found, check = _checked(MIDDLE, LAST), _spec(over={"optim.lr": RATES})
    values = _accuracies(check, {0.001: MIDDLE, 0.009: LAST})[c.VAL_ACC].to_numpy()
    lanes = check.lanes()
    at = {
        place: np.array(
            [v for v, lane in zip(values, lanes, strict=True) if (lane.point.value, lane.point.second) == place]
        )
        for place in product(LAMBDAS, RATES)
    }
    expected = paired_difference(at[0.03, 0.009], at[0.01, 0.009], 0.43)
    others = [
        at[value, rate] - at[0.01, rate] for value, rate in ((0.03, 0.009), (0.0, 0.009), (0.0, 1e-3), (0.03, 1e-3))
    ]
    p = max_t(np.array(others), 0.43)[0]
    difference = found.others[1].difference
    assert difference is not None
    assert expected is not None
    assert (difference.value, difference.low, difference.high) == (expected.value, expected.low, expected.high)
    assert difference.p_adjusted == pytest.approx(p)
    assert found.others[1].best == Point(0.03, 0.0, 0.03)
    assert [one.name for one in found.others] == ["÷ 3", "× 3"]
    assert found.others[0].difference is None


def test_the_check_follows_the_measure_and_the_penalty_mode_of_the_choice() -> None:
    found = _checked(MIDDLE, LAST, measure=c.VAL_LOSS)
    assert found.measure == c.VAL_LOSS
    assert found.others[1].difference is not None
    assert found.others[1].difference.value < 0
    assert not found.others[1].difference.higher_is_better
    spec, check = _spec(apply=["coupled", "decoupled"]), _spec(apply=["coupled", "decoupled"], over={"optim.lr": RATES})
    values = [0.9 if lane.apply == "decoupled" and lane.point.value == 0.01 else 0.8 for lane in spec.lanes()]
    judged = judge_sweep(spec, lanes_of(spec), one_epoch(lanes_of(spec), val_acc=values), overlap=0.0)
    better = [
        0.95 if lane.apply == "coupled" and lane.point.value == 0.03 else
        0.9 if lane.apply == "decoupled" and lane.point.value == 0.01 else 0.8
        for lane in check.lanes()
    ]  # fmt: skip
    both = rate_check(spec, judged, check, lanes_of(check), one_epoch(lanes_of(check), val_acc=better))
    assert both is not None
    assert both.text == "Learning rate ÷ 3 and × 3 do not move the choice."


def test_another_setting_is_named_as_a_value_and_nothing_chosen_cannot_move() -> None:
    run = {"run": {"optim": {"lr": 0.003}}, "seeds": 3}
    spec = SweepSpec.parse({"over": {"model.dropout": [0.0, 0.5]}, **run})
    check = SweepSpec.parse({"over": {"model.dropout": [0.0, 0.5], "optim.lr": list(RATES)}, **run})
    lanes, gone = lanes_of(check), lanes_of(check, dict.fromkeys(range(check.size), "diverged"))
    judged = judge_sweep(spec, lanes_of(spec), one_epoch(lanes_of(spec), val_acc=[0.8, 0.9] * 3), overlap=0.0)
    found = rate_check(spec, judged, check, gone, one_epoch(lanes))
    assert found is not None
    assert "every value has runs that diverge" in found.text
    none = judge_sweep(
        spec, lanes_of(spec, dict.fromkeys(range(6), "diverged")), one_epoch(lanes_of(spec)), overlap=0.0
    )
    assert rate_check(spec, none, check, lanes, one_epoch(lanes)) is None
