"""Texts that write λΣw², without ½."""

from __future__ import annotations

from reglab.conventions.convention import Convention
from reglab.conventions.forms import one, scaled

ENTRY = Convention(
    name="sum-squares", label="λΣw² in a text or a loss", order=90,
    formula=r"\lambda \sum w^2", plain="λ·Σw², without ½",
    tensors="the weights that are summed, in many texts all", reach="chosen",
    parameters=one("lambda"),
    conversion=scaled(
        "lambda", "l2", lambda c: 2.0, ("λ₂ = 2·λ = 2·{lambda} = {L2}",), ("lambda = λ₂/2 = {L2}/2 = {lambda}",)
    ),
    code="loss = loss + {lambda} * sum((p ** 2).sum() for p in weights)",
    source="Widespread in courses and code; executed with autograd by RegLab's tests.",
    help="Its gradient is 2λw, twice that of (λ/2)Σw².",
)  # fmt: skip
