"""What one look found: that a thing is in order, that it is worth knowing, or that it keeps RegLab from training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Level: TypeAlias = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """``text`` says what is so, ``remedy`` what to do about it, ``facts`` the figures for programs.

    A ``problem`` keeps RegLab from training; a ``warning`` does not.
    """

    topic: str
    level: Level
    text: str
    remedy: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """Text and remedy."""
        return f"{self.text} {self.remedy}".rstrip()
