"""Where a path overfits, underfits and collapses, in one sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reglab import columns
from reglab.analysis import Chance, SweepVerdict
from reglab.sweep import Point, SweepSpec
from reglab.ui.sweep.regime_text import listed, sentence

VALUES = (0.0, 1e-3, 1e-2, 1e-1, 1.0)
SPEC = SweepSpec(l2=VALUES)
CHANCE = Chance(10, 539)
POINTS = tuple(Point(value, 0.0, value) for value in VALUES)
WORDS = {"o": "overfits", "f": "fits", "u": "underfits", "c": "at chance"}


def verdict(regimes: str) -> SweepVerdict:
    """One letter a λ: overfits, fits, underfits, collapsed."""
    return SweepVerdict(
        apply="coupled", measure=columns.VAL_ACC, best=POINTS[2], mean=0.9, error=0.01, n=3, one_se=None,
        difference=0.1, low=0.0, high=0.2, pairs=3, edge=None,
        regimes=tuple(zip(POINTS, (WORDS[letter] for letter in regimes), strict=True)), diverged=(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("regimes", "words"),
    [
        ("ooffc", "Below λ₂ = 0.01 the network overfits; at 1 it stays at chance (10 %)."),
        ("offuu", "At λ₂ = 0 the network overfits; from 0.1 on it underfits."),
        ("oofuc", "Below λ₂ = 0.01 the network overfits; at 0.1 it underfits; at 1 it stays at chance (10 %)."),
        ("ofocc", "At λ₂ = 0 and 0.01 the network overfits; from 0.1 on it stays at chance (10 %)."),
        ("fffff", ""),
        ("ffffc", "At λ₂ = 1 the network stays at chance (10 %)."),
        ("ooooo", "At λ₂ = 0, 0.001, 0.01, 0.1 and 1 more λ the network overfits."),
    ],
)
def test_each_regime_says_where_it_is(regimes: str, words: str) -> None:
    assert sentence(SPEC, verdict(regimes), CHANCE) == words


def test_lists_are_cut_and_grids_name_pairs() -> None:
    assert listed(SPEC, POINTS[:1]) == "0"
    assert listed(SPEC, POINTS[1:3]) == "0.001 and 0.01"
    assert listed(SPEC, POINTS) == "0, 0.001, 0.01, 0.1 and 1 more λ"
    grid = SweepSpec(l1=(0.0, 0.1), l2=(0.0, 0.1))
    assert listed(grid, grid.points[:2]) == "(0, 0) and (0, 0.1)"


def test_points_without_a_regime_are_passed_over() -> None:
    assert sentence(SPEC, replace(verdict("ooffc"), regimes=()), CHANCE) == ""
