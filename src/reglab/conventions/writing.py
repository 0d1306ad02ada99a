"""Formulas with their numbers filled in, and a convention's own syntax."""

from __future__ import annotations

import math
from collections.abc import Iterable

from reglab.conventions.context import OPTIMIZERS, Context
from reglab.conventions.convention import Convention, Values
from reglab.conventions.meaning import Meaning, figure


def equations(templates: Iterable[str], values: Values, meaning: Meaning, context: Context) -> tuple[str, ...]:
    """``"λ₂ = 2·l2 = 2·{l2} = {L2}"`` → ``"λ₂ = 2·l2 = 2·0.01 = 0.02"``."""
    numbers = {name: figure(value) for name, value in values.items()}
    numbers |= {"L1": figure(meaning.l1), "L2": figure(meaning.l2), "D": figure(meaning.decay)}
    numbers |= {name: figure(value) for name, value in context.given().items() if not isinstance(value, str)}
    return tuple(template.format_map(numbers) for template in templates)


def code(convention: Convention, values: Values, context: Context) -> str:
    """The convention's own syntax with these numbers; ``lr`` stays a name where it is not given."""
    lr = "lr" if context.lr is None else literal(context.lr)
    momentum = f", momentum={literal(context.momentum)}" if context.momentum else ""
    size = "batch_size" if context.batch_size is None else str(int(context.batch_size))
    words = {
        "sgd": f"lr={lr}{momentum}", "adam": f"lr={lr}", "lr_value": lr, "batch_size": size,
        "keras_lr": f"learning_rate={lr}{'' if context.family == 'adaptive' else momentum}",
        "keras_optimizer": OPTIMIZERS[context.optimizer or "sgd"].keras,
        "solver": ', solver="saga"' if values.get("l1_ratio") else "",  # scikit-learn's others know no L1
    }  # fmt: skip
    return convention.code.format_map({**words, **{name: literal(value) for name, value in values.items()}})


def literal(value: float) -> str:
    """``value`` as one types it, to 12 digits: 0.005, 1e-05, 400; ``float("inf")`` for ∞."""
    return 'float("inf")' if math.isinf(value) else f"{value:.12g}"
