"""What the penalty of a spec does to which tensors of its network: the facts that both kinds of script need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import nn

from reglab.exports.code import flat_parameter
from reglab.penalties import factors, kinds
from reglab.spec import Apply, RunSpec

Which = Literal["none", "kernels", "all", "table"]


@dataclass(frozen=True)
class Plan:
    """J = data loss + Σₜ fₜ (λ₁ Σ|wₜ| + (λ₂/2) Σwₜ²): λ₁, λ₂, and fₜ by tensor name where it is not 0.

    ``which``: "kernels" are all tensors of two or more axes and "all" all there are, each with f = 1; a "table" names
    every tensor and its f; "none" where nothing is penalised.
    """

    l1: float
    l2: float
    apply: Apply
    which: Which
    factors: dict[str, float]

    @property
    def distinct(self) -> list[float]:
        """The different f, ascending."""
        return sorted(set(self.factors.values()))

    @property
    def formula(self) -> str:
        """The penalty in words of a formula, with numbers; f stands for the factors."""
        f = "f·" if self.which == "table" and self.distinct != [1.0] else ""
        parts = [f"{self.l1!r}·Σ{f}|w|"] * bool(self.l1) + [f"({self.l2!r}/2)·Σ{f}w²"] * bool(self.l2)
        return " + ".join(parts) or "0"

    @property
    def pull(self) -> str:
        """∇P(w) of one weight, with numbers."""
        f = "f·" if self.which == "table" and self.distinct != [1.0] else ""
        parts = [f"{f}{self.l1!r}·sign(w)"] * bool(self.l1) + [f"{f}{self.l2!r}·w"] * bool(self.l2)
        return " + ".join(parts) or "0"

    @property
    def tensors(self) -> str:
        """The penalised tensors in words."""
        words = {"none": "no tensor", "kernels": "all kernels (no biases, no norms)", "all": "every parameter"}
        return words.get(self.which) or f"{len(self.factors)} tensors, those of FACTORS below"


def plan_of(spec: RunSpec, model: nn.Module) -> Plan:
    """The plan of ``spec`` for its network ``model``, tensors under their flat names."""
    p = spec.penalty
    found = {name: f for name, f in factors(model, p).items() if f and (p.l1 or p.l2)}
    kernels = {name for name, kind in kinds(model).items() if kind == "weight"}
    which: Which = "table"
    if not found:
        which = "none"
    elif set(found.values()) == {1.0} and set(found) == set(kinds(model)):
        which = "all"
    elif set(found.values()) == {1.0} and set(found) == kernels:
        which = "kernels"
    l1, l2 = (p.l1, p.l2) if found else (0.0, 0.0)
    return Plan(l1, l2, p.apply, which, {flat_parameter(name): f for name, f in found.items()})
