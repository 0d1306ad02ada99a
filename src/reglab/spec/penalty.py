"""The penalty of a run: λ of every term, how it enters the step, and for which parameters."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from reglab.errors import shown
from reglab.spec.part import Number, SpecPart, Strength

Apply = Literal["coupled", "decoupled", "proximal"]
Scope = Literal["weights", "weights+biases", "all"]


class PenaltySpec(SpecPart):
    """What is added to the data loss, how it enters the step, and for which parameters.

    Every registered penalty term has its λ under its own key, 0 unless given. A λ of 0 other than those of ``l1`` and
    ``l2`` is dropped, so that specs from before a term was known stay equal to those of today.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Strength] = Field(init=False)

    l1: Strength = Field(0.0, title="λ₁ (L1)", description="Strength of λ₁·Σ|w|: a constant pull towards zero.")
    l2: Strength = Field(
        1e-2,
        title="λ₂ (L2)",
        description="Strength of (λ₂/2)·Σw²: a pull in proportion to the weight. PyTorch's weight_decay is λ₂; "
        "Keras's l2(l) is λ₂ = 2l.",
    )
    apply: Apply = Field(
        "coupled",
        title="Applied",
        description="coupled: its gradient joins the data gradient (weight_decay of SGD and Adam). decoupled: weights "
        "shrink beside the step (AdamW). proximal: a data step, then the exact proximal map; L1 reaches true zeros.",
    )
    scope: Scope = Field(
        "weights",
        title="Scope",
        description="weights: those of convolutions and dense layers. weights+biases: their biases too. all: every "
        "parameter, batch-norm scale and shift included, as PyTorch's weight_decay does.",
    )
    factors: dict[str, Number] = Field(
        default_factory=dict,
        title="Factors",
        description="Parameter name → multiplier of λ for that tensor; 0 exempts it.",
    )

    @model_validator(mode="before")
    @classmethod
    def _known_terms(cls, values: Any) -> Any:
        """Refuse keys of no registered term; drop λ = 0."""
        others = set(values) - set(cls.model_fields) if isinstance(values, Mapping) else ()
        unknown = [key for key in values if key in others and key not in penalty_keys()] if others else []
        if unknown:
            known = PydanticCustomError("extra_forbidden", "Extra inputs are not permitted")
            details = [InitErrorDetails(type=known, loc=(key,), input=values[key]) for key in unknown]
            raise ValidationError.from_exception_data(cls.__name__, details)
        dropped = {key for key in others if not isinstance(values[key], bool | str) and values[key] == 0}
        return {key: value for key, value in values.items() if key not in dropped} if dropped else values

    @model_validator(mode="after")
    def _factors_in_range(self) -> PenaltySpec:
        for name, factor in self.factors.items():
            if not 0 <= factor <= 1e3:
                raise ValueError(f"the factor of {shown(name)} must be from 0 to 1000, not {factor:g}")
        return self

    @classmethod
    def known_keys(cls) -> list[str]:
        return list(dict.fromkeys([*penalty_keys(), *cls.model_fields]))

    @property
    def strengths(self) -> dict[str, float]:
        """Key of each term → its λ: those of ``l1`` and ``l2``, and all others above 0."""
        return {"l1": self.l1, "l2": self.l2, **self.__pydantic_extra__}

    @property
    def zeroes_filters(self) -> bool:
        """Whether a term with λ > 0 can make whole filters exactly 0, so that they are counted."""
        return any(_terms()[key].zeroes_filters for key, strength in self.strengths.items() if strength)

    @property
    def symbols(self) -> dict[str, float]:
        """Symbol of each term's λ → its value: "λ₂" → 0.01."""
        return {_terms()[key].symbol: strength for key, strength in self.strengths.items()}

    @property
    def label(self) -> str:
        """The name of the penalty: "none", "L2", "elastic net", "L2 + group lasso"."""
        active = [key for key, strength in self.strengths.items() if strength]
        return "elastic net" if active == ["l1", "l2"] else " + ".join(_terms()[key].label for key in active) or "none"


def _terms() -> Mapping[str, Any]:
    """The registered penalty terms; imported late, since their package imports this module."""
    entries: Mapping[str, Any] = importlib.import_module("reglab.penalties").PENALTIES.entries
    return entries


def penalty_keys() -> list[str]:
    """The keys of λ: those of :class:`PenaltySpec` itself first, then those of other terms."""
    return ["l1", "l2", *(key for key in _terms() if key not in ("l1", "l2"))]


def penalty_symbol(key: str) -> str:
    """The symbol of a penalty term's λ: "λ₂"."""
    return str(_terms()[key].symbol)
