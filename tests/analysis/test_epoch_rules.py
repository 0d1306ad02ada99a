"""At which epoch runs count: the three rules, looked for one by one, and by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.sweeps import Row, lanes_of, trained

from reglab import columns as c
from reglab.analysis.epoch_rules import rows_by_rule
from reglab.analysis.sweep_table import points_of, sweep_table
from reglab.sweep import EpochRule, SweepSpec


def curves(lanes: pd.DataFrame, losses: list[list[float]]) -> pd.DataFrame:
    """Epochs with these validation losses, a list for each lane; the accuracy is 1 − loss, the others are 1."""
    rows = [
        {c.RUN: run, **dict.fromkeys(c.METRICS, 1.0), c.EPOCH: epoch, c.VAL_LOSS: loss, c.VAL_ACC: 1 - loss}
        for run, own in zip(lanes[c.RUN], losses, strict=True)
        for epoch, loss in enumerate(own, 1)
    ]
    return pd.DataFrame(rows, columns=list(c.EPOCH_COLUMNS))


def at(lanes: pd.DataFrame, epochs: pd.DataFrame, rule: EpochRule, limit: int | None = None) -> list[int]:
    """The epoch at which each lane counts; 0 for none."""
    rows = rows_by_rule(lanes, epochs, rule, points_of(lanes).point, limit)
    return [0 if row < 0 else int(epochs[c.EPOCH].iloc[row]) for row in rows]


def _lowest(rows: Sequence[Row]) -> int:
    """The epoch of the lowest loss, of equal ones the earlier; infinite ones and NaN count last."""
    return min(rows, key=lambda row: (row["loss"] if math.isfinite(row["loss"]) else math.inf, row["epoch"]))["epoch"]  # type: ignore[no-any-return]


def _expected(lanes: pd.DataFrame, epochs: pd.DataFrame, rule: EpochRule, limit: int | None) -> list[int]:
    records = [
        {"run": row[c.RUN], "epoch": int(row[c.EPOCH]), "loss": float(row[c.VAL_LOSS])}
        for row in epochs.to_dict("records")
        if limit is None or row[c.EPOCH] <= limit
    ]
    own = {run: [row for row in records if row["run"] == run] for run in lanes[c.RUN]}
    if rule == "last":
        return [max((row["epoch"] for row in rows), default=0) for rows in own.values()]
    if rule == "best":
        return [_lowest(rows) if rows else 0 for rows in own.values()]
    keys = list(zip(*(lanes[name] for name in c.POINT), strict=True))
    states = dict(zip(lanes[c.RUN], lanes[c.STATE], strict=True))
    found = []
    for run, key in zip(lanes[c.RUN], keys, strict=True):
        group = [
            name
            for name, other in zip(lanes[c.RUN], keys, strict=True)
            if other == key and own[name] and states[name] != "diverged"
        ]
        shared = set.intersection(*({row["epoch"] for row in own[name]} for name in group)) if group else set()
        means = [
            {"epoch": epoch, "loss": sum(row["loss"] for name in group for row in own[name] if row["epoch"] == epoch)}
            for epoch in shared
        ]
        chosen = _lowest(means) if means else 0
        found.append(chosen if any(row["epoch"] == chosen for row in own[run]) else 0)
    return found


@settings(max_examples=60)
@given(trained(), st.sampled_from(["last", "best", "common"]), st.none() | st.integers(0, 4), st.randoms())
def test_every_rule_is_that_of_a_plain_search(sweep, rule, limit, random) -> None:  # type: ignore[no-untyped-def]
    lanes, epochs = sweep
    order = list(range(len(epochs)))
    random.shuffle(order)
    epochs = epochs.iloc[order].reset_index(drop=True)
    assert at(lanes, epochs, rule, limit) == _expected(lanes, epochs, rule, limit)


def test_the_rules_by_hand() -> None:
    lanes = lanes_of(SweepSpec(l2=(0.0, 1.0), seeds=2))
    # repeats outermost: (seed 0: λ = 0, λ = 1), (seed 1: λ = 0, λ = 1)
    epochs = curves(lanes, [[0.5, 0.2, 0.4, 0.6], [0.9, 0.5, 0.4], [0.6, 0.5, 0.1], [0.9, 0.4, 0.4, 0.5]])
    assert at(lanes, epochs, "last") == [4, 3, 3, 4]
    assert at(lanes, epochs, "best") == [2, 3, 3, 2]  # of equal losses the earlier epoch
    assert at(lanes, epochs, "common") == [3, 3, 3, 3]  # λ = 0: 0.25 at epoch 3 against 0.35 at epoch 2
    assert at(lanes, epochs, "common", 2) == [2, 2, 2, 2]
    table = sweep_table(lanes, epochs, rule="best")
    np.testing.assert_allclose(table[c.VAL_LOSS], [0.15, 0.4])
    np.testing.assert_allclose(table[c.VAL_ACC], [0.85, 0.6])
    assert table[c.AT_EPOCH].tolist() == [2.5, 2.5]


def test_a_diverged_run_counts_under_no_rule() -> None:
    lanes = lanes_of(SweepSpec(l2=(0.0,), seeds=2), {1: "diverged"})
    epochs = curves(lanes, [[0.5, 0.4, 0.6], [0.1]])
    for rule, expected in (("last", 0.6), ("best", 0.4), ("common", 0.4)):
        table = sweep_table(lanes, epochs, rule=rule)  # type: ignore[arg-type]
        assert (table[c.N].tolist(), table[c.DIVERGED].tolist()) == ([1], [1])
        assert table[c.VAL_LOSS].tolist() == [expected]


def test_the_rule_of_a_sweep_is_declared_or_follows_early_stopping() -> None:
    run = {"train": {"patience": 5}}
    assert SweepSpec.parse({"l2": [0.0]}).epoch_rule == "last"
    assert SweepSpec.parse({"l2": [0.0], "run": run}).epoch_rule == "best"
    assert SweepSpec.parse({"l2": [0.0], "run": run, "epoch": "common"}).epoch_rule == "common"
    declared = SweepSpec.parse({"l2": [0.0], "epoch": "best"})
    assert SweepSpec.from_json(declared.to_json()) == declared
