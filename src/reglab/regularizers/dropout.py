"""Dropout: y = x·m/(1 − p), m ~ Bernoulli(1 − p) (Srivastava et al. 2014); its layer is in :mod:`reglab.models`."""

from __future__ import annotations

from reglab.number_format import latex_number
from reglab.regularizers.regularizer import Regularizer

ENTRY = Regularizer(
    name="dropout",
    label="dropout",
    order=10,
    setting="model.dropout",
    example=0.3,
    acts="model",
    symbol="p",
    source="Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov, JMLR 2014",
    formula=lambda p: (
        rf"y = \dfrac{{m\,x}}{{1 - {latex_number(p)}}}, \quad m \sim \mathrm{{Bernoulli}}(1 - "
        rf"{latex_number(p)})"
    ),
    meaning="While training, every unit in front of a dropout layer is set to 0 with probability p, and the others are "
    "divided by 1 − p; in evaluation nothing is dropped.",
    torch=lambda p: f"nn.Dropout({p})",
    keras=lambda p: f"layers.Dropout({p})",
)
