"""Recorded verdicts, which ship with RegLab: figures of every claim from one machine, dated, in ``recorded.json``.

``reglab claims all --record FILE`` writes such a file. A record counts as long as its rule and the settings of its runs
are those of the claim (:func:`fingerprint`); its verdict follows from its figures, the stored word is for readers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from reglab.errors import StoreError
from reglab.lessons.claim import Claim, seeds_of
from reglab.lessons.standing import Standing
from reglab.lessons.verdict import Verdict, decide
from reglab.store import atomic

FILE = Path(__file__).with_name("recorded.json")


@dataclass(frozen=True)
class Recorded:
    """A verdict with the day, seeds, device, versions and training seconds of its runs."""

    verdict: Verdict
    date: str
    seeds: tuple[int, ...]
    device: str
    versions: Mapping[str, str]
    seconds: float


def recorded(claim: Claim) -> Recorded | None:
    """The shipped verdict on ``claim``; None where there is none, or its rule or runs have changed since."""
    found = _shipped(FILE).get(claim.name)
    return read(claim, found) if found and found["fingerprint"] == fingerprint(claim) else None


@lru_cache(maxsize=4)
def _shipped(path: Path) -> dict[str, dict[str, Any]]:
    return load(path)


def load(path: Path) -> dict[str, dict[str, Any]]:
    """Name of a claim → its record in the file; empty where there is no file."""
    found = json.loads(path.read_text("utf-8")) if path.exists() else {}
    if not isinstance(found, dict):
        raise ValueError("not a table of claims")
    return found


def read(claim: Claim, found: Mapping[str, Any]) -> Recorded:
    """A record as stored, judged by the claim's rule."""
    verdict = decide(claim, found["figures"])
    return Recorded(verdict, found["date"], tuple(found["seeds"]), found["device"], found["versions"], found["seconds"])


@lru_cache(maxsize=256)
def fingerprint(claim: Claim) -> str:
    """Equal for equal rules and runs; settings at their defaults do not count, so that new ones change nothing."""
    trials = claim.trials(seeds_of(0, claim.n_seeds))
    runs = sorted(f"{t.role} {t.seed} {t.spec.model_dump_json(exclude_defaults=True)}" for t in trials)
    parts = [f"{part.name} {part.test!r}" for part in claim.parts]
    return hashlib.sha256("\n".join([*parts, claim.rule, *runs]).encode()).hexdigest()[:16]


def entry(one: Standing, verdict: Verdict, now: datetime) -> dict[str, Any]:
    """The record of a complete standing, as stored."""
    runs = list(one.finished.values())
    environment = runs[0].environment or {}
    return {
        "date": now.date().isoformat(),
        "fingerprint": fingerprint(one.claim),
        "seeds": list(one.seeds),
        "device": runs[0].device,
        "versions": environment.get("versions", {}),
        "verdict": verdict.word,
        "seconds": round(sum(run.seconds for run in runs), 1),
        "figures": {outcome.part.name: list(outcome.values) for outcome in verdict.outcomes},
    }


def write(path: Path, entries: Mapping[str, Mapping[str, Any]]) -> None:
    """Add ``entries`` to the file, in place of older ones of the same claims.

    :raises StoreError: where the file cannot be written or holds something else.
    """
    try:
        found = {**load(path), **entries}
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} holds no recorded verdicts: {error}") from None
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(found[name], ensure_ascii=False)}" for name in sorted(found))
    atomic.write(path, f"{{\n{lines}\n}}\n".encode())
