"""What a tested claim is: the sentence people say, the runs that test it, what is measured, and the rule decided on.

The rule is chosen from what the sentence says, before any figure is known; the page shows whatever comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from reglab.lessons.claims.results import Floats, Results
from reglab.lessons.claims.rules import Rule, Unit
from reglab.lessons.claims.trial import Trial

Measured = Mapping[str, Sequence[float] | Floats]
"""Part's name → its value with each seed."""


@dataclass(frozen=True)
class Part:
    """One figure of a claim. ``says`` is a sentence that is true whatever comes out, with ``{figure}`` in it."""

    name: str
    label: str
    says: str
    unit: Unit
    test: Rule


@dataclass(frozen=True)
class Claim:
    """One claim. ``label`` is the claim as people say it, ``about`` why they say it, ``caveat`` what the test leaves
    open, ``setup`` what is trained.

    ``trials(seeds)`` are the runs; those of one seed differ in the penalty alone, or in what the claim is about.
    ``confirm(results, seeds)`` are further runs that only the first ones' results can name, ``arms`` for each seed.
    ``measure(results)`` gives every part its value for each seed.
    """

    name: str
    label: str
    order: int
    about: str
    setup: str
    caveat: str
    parts: tuple[Part, ...]
    trials: Callable[[Sequence[int]], list[Trial]] = field(repr=False)
    measure: Callable[[Results], Measured] = field(repr=False)
    n_seeds: int = 8
    confirm: Callable[[Results, Sequence[int]], list[Trial]] | None = field(default=None, repr=False)
    arms: int = 0

    @property
    def rule(self) -> str:
        """What decides, in words: made from the tests themselves, so that text and code cannot part."""
        if len(self.parts) == 1:
            words = self.parts[0].test.words(self.parts[0].unit)
            return f"{words[0].upper()}{words[1:]}; else undecided."
        rules = [f"{part.label}: {part.test.words(part.unit)}." for part in self.parts]
        return " ".join([*rules, "Every part must hold; one that fails is enough to fail; else undecided."])
