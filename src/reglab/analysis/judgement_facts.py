"""A judgement as the object that commands print: plain numbers, ``None`` where there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from reglab.analysis.budget import Budget
from reglab.analysis.judgement import Criteria, Rival, RuleJudgement, SweepJudgement
from reglab.analysis.paired import PairedDifference
from reglab.analysis.sweep_result import SweepVerdict, plain, result_of_sweep
from reglab.analysis.winners import Winner, Winners
from reglab.sweep import Point


def facts_of_judgement(judgement: SweepJudgement) -> dict[str, Any]:
    """Best λ, 1-SE choices and table under the declared ``epoch_rule``, and what makes the choice credible.

    ``difference`` is the best λ against λ = 0, null where λ = 0 is best or missing; ``early_stopping`` is λ = 0 at each
    run's best epoch, with the best λ's difference to it; ``bias_corrected`` the ``measure`` at the best λ without the
    bias of the choice; ``criteria`` the choices by loss and by accuracy; ``winners``, of a map, the best point for each
    value of either axis; ``budget`` whether more epochs may change the choice; ``by_rule`` the choice under every epoch
    rule; the declared one alone is ``tested``; ``overlap`` the r of the intervals.
    """
    own = result_of_sweep(judgement.own.table, judgement.measure)
    best, none, corrected = judgement.best, judgement.no_best, judgement.corrected
    return {
        "measure": judgement.measure,
        "epoch_rule": judgement.declared,
        **{key: value for key, value in own.items() if key != "table"},
        "difference": difference_facts(best.paired if best else None),
        "early_stopping": judgement.rival and _rival(judgement.rival),
        "bias_corrected": corrected and asdict(corrected),
        "criteria": _criteria(judgement.criteria),
        "winners": judgement.winners and _winners(judgement.winners),
        "budget": judgement.budget and _budget(judgement.budget),
        "by_rule": {rule: _by_rule(each, judgement.measure) for rule, each in judgement.by_rule.items()},
        "overlap": judgement.overlap,
        "why_no_best": none and none.text,
        "chance": judgement.chance and judgement.chance.facts(),
        "table": own["table"],
    }


def difference_facts(found: PairedDifference | None) -> dict[str, Any] | None:
    """A difference with its conclusion."""
    if found is None:
        return None
    facts = {key: value for key, value in asdict(found).items() if key != "higher_is_better"}
    return {**facts, "conclusion": found.conclusion}


def _place(point: Point) -> dict[str, Any]:
    place = {"lambda": point.value, "l1": point.l1, "l2": point.l2}
    return place if point.second is None else {**place, "second": point.second}


def _rival(rival: Rival) -> dict[str, Any]:
    figure = rival.figure
    return {
        **_place(rival.point),
        "value": figure.mean,
        "se": rival.error,
        "low": figure.low,
        "high": figure.high,
        "epochs": list(rival.epochs),
        "difference": difference_facts(rival.difference),
    }


def _criteria(criteria: Criteria) -> dict[str, Any]:
    def choice(verdict: SweepVerdict | None) -> dict[str, Any] | None:
        if verdict is None:
            return None
        return {"apply": verdict.apply, **_place(verdict.best), "value": verdict.mean}

    return {
        "val_loss": choice(criteria.by_loss),
        "val_acc": choice(criteria.by_accuracy),
        "reason": criteria.reason,
        "difference_val_loss": difference_facts(criteria.loss),
        "difference_val_acc": difference_facts(criteria.accuracy),
    }


def _budget(budget: Budget) -> dict[str, Any]:
    facts = {key: plain(value) for key, value in asdict(budget).items() if key != "rule"}
    return {**facts, "depends": budget.depends}


def _winners(winners: Winners) -> dict[str, Any]:
    def listed(those: Sequence[Winner]) -> list[dict[str, Any]]:
        return [{"held": one.held, "apply": one.apply, **_place(one.point), "value": one.mean} for one in those]

    return {"by_second": listed(winners.by_second), "by_first": listed(winners.by_first)}


def _by_rule(judged: RuleJudgement, measure: str) -> dict[str, Any]:
    found = result_of_sweep(judged.table, measure)
    return {"tested": judged.tested, **{key: value for key, value in found.items() if key != "table"}}
