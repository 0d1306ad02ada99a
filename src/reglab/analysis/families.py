"""What each regularizer is worth: sweeps that share everything but a regularizer, compared with none and pairwise.

A *family* is one regularizer with all values that were tried of it, in one sweep or in several. Its choice is the value
with the best mean at the declared epoch. d̄ = mean over repeats of (choice − none of the same repeat).

There are many comparisons. Intervals are simultaneous: each of m has the level 1 − 0.05/m (Bonferroni), m the families
against none, or the pairs of families; then all m hold together in 95 % of cases, and with them all that are called
equivalent. Each choice is also the best of its values, so each p is adjusted by
:func:`reglab.analysis.sign_flips.max_t`, which allows for correlation as Bonferroni and Holm do not: over all values of
all families against none, and for the pairs over every value of one family against every value of another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from reglab import columns
from reglab.analysis.chance import Chance
from reglab.analysis.family_keys import (
    EARLY_STOPPING,
    Value,
    family_of,
    is_lambda,
    keys_of,
    known_name,
    label_of,
    name_of,
    place_of,
    settings_of,
    without,
)
from reglab.analysis.paired import LEVEL, PairedDifference, RepeatedFigure, paired_difference, simultaneous
from reglab.analysis.select import HIGHER_IS_BETTER, TIE, can_be_best
from reglab.analysis.sign_flips import max_t
from reglab.analysis.sweep_table import Floats, counted, mean_and_error, table_of
from reglab.sweep import EpochRule, Point, SweepSpec

__all__ = [
    "EARLY_STOPPING",
    "Families",
    "Family",
    "Linked",
    "Pair",
    "compare_families",
    "family_of",
    "keys_of",
    "known_name",
    "label_of",
    "name_of",
    "settings_of",
    "without",
]


@dataclass(frozen=True, eq=False)
class Linked:
    """A sweep beside others: its ``spec``, LANE_COLUMNS a row a run, and EPOCH_COLUMNS of its runs."""

    spec: SweepSpec
    lanes: pd.DataFrame
    epochs: pd.DataFrame


@dataclass(frozen=True)
class Family:
    """The choice of one regularizer: ``key`` is its dotted setting, or EARLY_STOPPING; ``value`` that of the choice.

    ``tried``: how many values could have been the choice. ``figure``: the measure at the choice. ``difference``: the
    choice less none. ``at_end``: it is the largest of several numbers, so that a larger one might be better.
    """

    key: str
    value: Value | None
    tried: int
    figure: RepeatedFigure
    difference: PairedDifference
    at_end: bool = False

    @property
    def label(self) -> str:
        """For example "λ₂ = 0.01", "dropout 0.3", "augmentation shift"."""
        return label_of(self.key, self.value)


@dataclass(frozen=True)
class Pair:
    """The choice of one family less that of another."""

    first: Family
    second: Family
    difference: PairedDifference


@dataclass(frozen=True)
class Families:
    """What regularizers are worth by ``measure`` under the epoch ``rule``.

    ``none``: the figure without any; ``families``: λ first, early stopping last; ``pairs``: every two of them.
    ``missing``: keys of families without a choice. ``candidates`` were compared with none, ``compared`` pairs of
    candidates with each other: over so many differences each p is adjusted. ``level`` and ``pair_level`` are those of
    each interval against none and of each pair's.
    """

    measure: str
    rule: EpochRule
    none: RepeatedFigure
    families: tuple[Family, ...]
    pairs: tuple[Pair, ...]
    missing: tuple[str, ...]
    candidates: int
    compared: int
    level: float = LEVEL
    pair_level: float = LEVEL

    def frame(self) -> pd.DataFrame:
        """A row a family: FAMILY, _KEY, _ORDER and _VALUE (of λ), DIFFERENCE, LOW, HIGH, PAIRS; accuracy in shares."""
        found = [(one, one.difference) for one in self.families]
        numbers = [(each.value, _nan(each.low), _nan(each.high), each.repeats) for _, each in found]
        names = (columns.DIFFERENCE, columns.LOW, columns.HIGH, columns.PAIRS)
        strengths = [one.value if is_lambda(one.key) else np.nan for one, _ in found]
        texts = {columns.FAMILY: [one.label for one, _ in found], columns.FAMILY_KEY: [one.key for one, _ in found]}
        return pd.DataFrame({
            **{name: pd.array(each, dtype="str") for name, each in texts.items()},
            columns.FAMILY_ORDER: np.arange(len(found)),
            columns.FAMILY_VALUE: np.array(strengths, dtype=np.float64),
            **dict(zip(names, np.array(numbers, dtype=np.float64).reshape(-1, len(names)).T, strict=True)),
        })  # fmt: skip


def compare_families(
    sweeps: Sequence[Linked],
    *,
    overlap: float,
    measure: str = columns.VAL_LOSS,
    epoch: int | None = None,
    chance: Chance | None = None,
) -> Families | None:
    """The choice of every family of ``sweeps`` at epochs ≤ ``epoch``; ``None`` before there is a figure without any.

    :param overlap: r of the intervals, as of :func:`reglab.analysis.judge_sweep`.
    :param measure: VAL_ACC or VAL_LOSS, by which values are chosen and compared.
    :param chance: values at chance are never chosen.
    :raises SpecError: a sweep cannot be compared with the first one, see :func:`family_of`; or none has a run without
        any regularizer.
    """
    first = sweeps[0].spec
    rule, keys = first.epoch_rule, keys_of([sweep.spec for sweep in sweeps])
    none, candidates = None, []
    for sweep in sweeps:
        figures, stopped = (counted(sweep.lanes, sweep.epochs, epoch, each) for each in (rule, "best"))
        table = table_of(figures)
        loss, eligible = table[columns.VAL_LOSS].to_numpy(np.float64), can_be_best(table, measure, chance)
        for row, (_, *place) in enumerate(figures.points.keys):
            known = family_of(sweep.spec, Point(*place), first)
            values = figures.of(measure)[row]
            if known and eligible[row]:
                candidates.append(_Candidate(*known, values, loss[row]))
            elif known is None and none is None:
                none, alone = values, stopped.of(measure)[row]
    if none is None or not np.isfinite(none).any():
        return None
    if rule != "best":
        candidates.append(_Candidate(EARLY_STOPPING, None, alone, 0.0))
    return _Judge(measure, overlap).compared(none, sorted(candidates, key=_order), keys, rule)


@dataclass(frozen=True, eq=False)
class _Candidate:
    """One value that was tried: (repeats,) of the measure, and the mean validation loss, for equal ones."""

    key: str
    value: Value | None
    values: Floats
    loss: float


@dataclass(frozen=True)
class _Judge:
    """How candidates are compared."""

    measure: str
    overlap: float

    @property
    def higher(self) -> bool:
        return self.measure in HIGHER_IS_BETTER

    def compared(
        self, none: Floats, tried: Sequence[_Candidate], keys: Sequence[str], rule: EpochRule
    ) -> Families | None:
        figure = RepeatedFigure.of(none, self.overlap, higher_is_better=self.higher)
        if figure is None:
            return None
        families, level = self.families(none, tried)
        pairs, compared, pair_level = self.pairs(families, tried)
        own = tuple(families.values())
        found = {one.key for one in own}
        missing = tuple(key for key in keys if key not in found)
        return Families(self.measure, rule, figure, own, pairs, missing, len(tried), compared, level, pair_level)

    def families(self, none: Floats, tried: Sequence[_Candidate]) -> tuple[dict[int, Family], float]:
        """The place of each choice → its family; and the level of their intervals."""
        keys = list(dict.fromkeys(one.key for one in tried))
        chosen = [self.best([place for place, one in enumerate(tried) if one.key == key], tried) for key in keys]
        p, level = self.adjusted([one.values - none for one in tried]), simultaneous(len(chosen))
        found = {place: self.family(place, tried, none, p[place], level) for place in chosen}
        return {place: family for place, family in found.items() if family}, level

    def pairs(self, families: Mapping[int, Family], tried: Sequence[_Candidate]) -> tuple[tuple[Pair, ...], int, float]:
        """Every two of ``families``; over how many comparisons their p is adjusted, and the level of intervals."""
        cross = [(i, j) for i, j in combinations(range(len(tried)), 2) if tried[i].key != tried[j].key]
        p = dict(zip(cross, self.adjusted([tried[i].values - tried[j].values for i, j in cross]), strict=True))
        both = list(combinations(families, 2))
        level = simultaneous(len(both))
        found = (self.pair(families[i], families[j], p[i, j], level) for i, j in both)
        return tuple(filter(None, found)), len(cross), level

    def best(self, places: Sequence[int], tried: Sequence[_Candidate]) -> int:
        """The candidate with the best mean; of equal ones that with the lowest validation loss, then the first."""
        means = mean_and_error(np.stack([tried[place].values for place in places]))[0] * (1 if self.higher else -1)
        tied = [place for place, mean in zip(places, means, strict=True) if mean >= means.max() - TIE]
        return min(tied, key=lambda place: tried[place].loss)

    def adjusted(self, differences: Sequence[Floats]) -> Floats:
        return max_t(np.stack(differences), self.overlap) if differences else np.empty(0)

    def difference(self, first: Floats, second: Floats, p: float, level: float) -> PairedDifference | None:
        adjusted = None if np.isnan(p) else float(p)
        return paired_difference(
            first, second, self.overlap, higher_is_better=self.higher, p_adjusted=adjusted, level=level
        )

    def family(self, place: int, tried: Sequence[_Candidate], none: Floats, p: float, level: float) -> Family | None:
        one = tried[place]
        figure = RepeatedFigure.of(one.values, self.overlap, higher_is_better=self.higher)
        difference = self.difference(one.values, none, p, level)
        if figure is None or difference is None:
            return None
        numbers = [other.value for other in tried if other.key == one.key and isinstance(other.value, float | int)]
        at_end = len(numbers) > 1 and one.value == max(numbers)
        return Family(one.key, one.value, sum(other.key == one.key for other in tried), figure, difference, at_end)

    def pair(self, first: Family, second: Family, p: float, level: float) -> Pair | None:
        found = self.difference(np.array(first.figure.values), np.array(second.figure.values), p, level)
        return None if found is None else Pair(first, second, found)


def _order(candidate: _Candidate) -> tuple[int, str, bool, float, str]:
    """Families in their order; of one family numbers ascending, and words by the alphabet."""
    value = candidate.value
    number, word = (0.0, value) if isinstance(value, str) else (value or 0.0, "")
    return *place_of(candidate.key), isinstance(value, str), number, word


def _nan(value: float | None) -> float:
    return np.nan if value is None else value
