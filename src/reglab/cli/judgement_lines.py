"""What a sweep's judgement adds to the best λ, a line each, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reglab.columns import MEASURES, VAL_ACC, VAL_LOSS
from reglab.number_format import exact, fixed, percent, points, short

_NAMES = {column: measure for measure, column in MEASURES.items()}
_RULES = {"last": "last epoch", "best": "each run's best epoch", "common": "common best epoch"}


def judgement_lines(found: Mapping[str, Any]) -> list[str]:
    """Lines from a sweep's result object; those without figures are left out."""
    accuracy, best = found["measure"] == VAL_ACC, found["best"]
    lines = [f"epoch rule: {found['epoch_rule']} ({_RULES[found['epoch_rule']]})"]
    if difference := found["difference"]:
        lines.append(f"against {zero_text(best)}: {difference_line(difference, accuracy)}")
    if corrected := found["bias_corrected"]:
        lines.append(f"bias-corrected: {figure_text(corrected['value'], accuracy)} ({corrected['method']})")
    if rival := found["early_stopping"]:
        lines.append(f"early stopping alone: {figure_text(rival['value'], accuracy)}")
        if rival["difference"]:
            lines.append(f"against early stopping alone: {difference_line(rival['difference'], accuracy)}")
    for rule, judged in found["by_rule"].items():
        other = judged["best"]
        if best and other and not judged["tested"] and place_text(other) != place_text(best):
            lines.append(f"by {_RULES[rule]}: {place_text(other)} ({figure_text(other[found['measure']], accuracy)})")
    by_other = VAL_LOSS if accuracy else VAL_ACC
    if found["criteria"]["reason"] != "agree" and (choice := found["criteria"][by_other]):
        lines.append(
            f"by validation {_NAMES[by_other]}: {place_text(choice)} ({figure_text(choice['value'], not accuracy)})"
        )
    if found["budget"] and found["budget"]["depends"]:
        lines.append("the choice depends on the budget: training still goes on at the last epoch")
    return lines


def both_figures(row: Mapping[str, Any], measure: str) -> str:
    """Loss and accuracy of a point, the ``measure`` first: "validation loss 0.3124, accuracy 90.42 %"."""
    figures = [
        f"{_NAMES[name]} {figure_text(row[name], name == VAL_ACC)}" for name in sorted(_NAMES, key=measure.__ne__)
    ]
    return f"validation {', '.join(figures)}"


def rate_check_lines(found: Mapping[str, Any]) -> list[str]:
    """Whether the learning rate moves the choice, where that has been checked, and the differences at other rates."""
    if (check := found["lr_check"]) is None:
        return []
    apart = [
        f"  at learning rate {exact(one['lr'])}, {place_text(one['best'])} against {place_text(found['best'])}: "
        f"{difference_line(one['difference'], found['measure'] == VAL_ACC)}"
        for one in check["choices"]
        if one["difference"]
    ]
    return [check["text"], *apart]


def place_text(entry: Mapping[str, Any]) -> str:
    """For example "λ₁ 0, λ₂ 0.01", "λ₁ 0, λ₂ 0.01, optim.lr 0.003" or "model.dropout 0.3"."""
    lambdas = {} if entry["lambda"] is None else {"λ₁": entry["l1"], "λ₂": entry["l2"]}
    return ", ".join(f"{name} {exact(value)}" for name, value in {**lambdas, **entry.get("over", {})}.items())


def zero_text(entry: Mapping[str, Any]) -> str:
    """What a point is compared with: "λ = 0", "model.dropout = 0", of a map "λ = 0 at the same optim.lr"."""
    over = list(entry.get("over", {}))
    first = over.pop(0) if entry["lambda"] is None else "λ"
    return f"{first} = 0" + (f" at the same {over[0]}" if over else "")


def figure_text(value: float, accuracy: bool) -> str:
    """An accuracy in per cent, or a loss."""
    return percent(value, 2) if accuracy else fixed(value, 4)


def difference_line(found: Mapping[str, Any], accuracy: bool) -> str:
    """For example "+1.8 points [0.4, 3.2], adjusted p 0.031, better in 9 of 10 repeats: better"."""
    text = f"{points(found['value'])} points" if accuracy else fixed(found["value"], 4, sign=True)
    if found["low"] is not None:
        ends = (points(end, sign=False) if accuracy else fixed(end, 4) for end in (found["low"], found["high"]))
        text += f" [{', '.join(ends)}]"
    text += f", adjusted p {short(found['p_adjusted'])}" if found["p_adjusted"] is not None else ""
    return f"{text}, better in {found['better_in']} of {found['repeats']} repeats: {found['conclusion']}"
