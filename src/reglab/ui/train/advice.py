"""Advice on settings that are allowed but make no sense together, each with its reason and its rule.

A check is one function in advice_decay, advice_penalty or advice_training; a new one is added to the CHECKS there.
Pure text: no Streamlit, no torch.
"""

from __future__ import annotations

from reglab.spec import RunSpec
from reglab.ui.train import advice_decay, advice_penalty, advice_training
from reglab.ui.train.advice_base import Advice, Facts

CHECKS = (*advice_decay.CHECKS, *advice_penalty.CHECKS, *advice_training.CHECKS)


def advice(spec: RunSpec, facts: Facts) -> list[Advice]:
    """What holds for ``spec``: warnings before information, each kind in the order of the checks."""
    found = [said for check in CHECKS if (said := check(spec, facts)) is not None]
    return sorted(found, key=lambda said: said.level != "warning")


__all__ = ["CHECKS", "Advice", "Facts", "advice"]
