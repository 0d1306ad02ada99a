"""The devices and CPUs that trained a run: another kind adds in another order, so the last bits may differ."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reglab.events import Environment, Started
from reglab.store import Run

log = logging.getLogger(__name__)


def environment_of(event: Started, run: Run) -> Environment:
    """The record of a run that begins or goes on here, with the other kinds that trained it before; they are logged.

    Records of earlier versions name no CPU, and count as made on this one.
    """
    before, now = run.environment or {}, event.environment
    if event.epoch == event.step == 0 or not before.get("cpu"):
        return now
    kinds = dict.fromkeys([*before.get("earlier", ()), _kind(before)])
    environment = replace(now, earlier=tuple(kind for kind in kinds if kind != _kind(vars(now))))
    if remark := _remark(vars(environment)):
        log.warning("Run %s: %s", run.id, remark)
    return environment


def machine_remark(run: Run) -> str | None:
    """A sentence on a run that went on on another kind of device or CPU than before; None for all others."""
    return _remark(run.environment or {})


def _remark(facts: Mapping[str, Any]) -> str | None:
    if not facts.get("earlier"):
        return None
    kinds = ", then ".join([*facts["earlier"], _kind(facts)])
    return f"Trained on {kinds}: the last bits may differ from those of a run on one of them alone."


def _kind(facts: Mapping[str, Any]) -> str:
    """For example "cuda:0 (NVIDIA H100)", or "AMD EPYC 9554 (AVX2)": the CPU, and the instructions torch uses on it."""
    cuda = facts["device"].startswith("cuda")
    return facts["device"] if cuda else f"{facts['cpu']} ({facts['cpu_capability']})"
