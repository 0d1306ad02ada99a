"""AdamW: Adam's step, with weights that decay beside it (Loshchilov & Hutter 2019)."""

from __future__ import annotations

from dataclasses import replace

from reglab.optimizers import adam

ENTRY = replace(
    adam.ENTRY,
    name="adamw",
    label="AdamW",
    order=3,
    help="Adam with decoupled decay: λ is not rescaled with the gradient.",
    torch="torch.optim.AdamW",
    keras=replace(adam.ENTRY.keras, name="AdamW"),
    mode="decoupled",
    twin="adam",
)
