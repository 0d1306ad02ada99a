"""Regularizers compared, as the object that commands print: plain numbers, ``None`` where there are none."""

from __future__ import annotations

from typing import Any

from reglab.analysis.families import Families, Family, Pair
from reglab.analysis.judgement_facts import difference_facts
from reglab.analysis.paired import RepeatedFigure


def facts_of_families(found: Families) -> dict[str, Any]:
    """No regularizer, the choice of each against it, and every pair of choices.

    ``level`` is that of each interval against none, ``pair_level`` of each pair's, so that either kind holds together
    in 95 % of cases. ``p_adjusted`` is for ``candidates`` values against none, in pairs for ``compared`` comparisons of
    values.
    """
    return {
        "measure": found.measure,
        "epoch_rule": found.rule,
        "none": _figure(found.none),
        "regularizers": [_family(one) for one in found.families],
        "pairs": [_pair(pair) for pair in found.pairs],
        "missing": list(found.missing),
        "level": found.level,
        "pair_level": found.pair_level,
        "candidates": found.candidates,
        "compared": found.compared,
    }


def _figure(figure: RepeatedFigure) -> dict[str, Any]:
    return {"value": figure.mean, "low": figure.low, "high": figure.high}


def _family(one: Family) -> dict[str, Any]:
    choice = {"key": one.key, "setting": one.value, "label": one.label, "tried": one.tried, "at_end": one.at_end}
    return {**choice, **_figure(one.figure), "difference": difference_facts(one.difference)}


def _pair(pair: Pair) -> dict[str, Any]:
    named = {"first": pair.first.label, "second": pair.second.label}
    return {**named, "difference": difference_facts(pair.difference)}
