"""What each regularizer is worth: sweeps that share everything but a regularizer, compared with none and pairwise.

A *family* is one regularizer with all values that were tried of it, in one sweep or in several. Its choice is the value
with the best mean at the declared epoch. d̄ = mean over repeats of (choice − none of the same repeat) has the interval
of :func:`reglab.analysis.paired.interval`. Values and families are many, so each p is adjusted by
:func:`reglab.analysis.sign_flips.max_t`: over all values of all families against none, and for the pairs over every
value of one family against every value of another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from reglab import columns
from reglab.analysis.chance import Chance
from reglab.analysis.paired import PairedDifference, RepeatedFigure, paired_difference
from reglab.analysis.select import HIGHER_IS_BETTER, TIE, can_be_best
from reglab.analysis.sign_flips import max_t
from reglab.analysis.sweep_table import Floats, counted, mean_and_error, table_of
from reglab.errors import SpecError
from reglab.number_format import exact
from reglab.spec import RunSpec, penalty_symbol, regularizers
from reglab.sweep import EpochRule, Point, SweepSpec

EARLY_STOPPING = "early stopping alone"
"""The key of the family without a setting: none, each run at its lowest validation loss."""

Value = float | str
Settings = Mapping[str, Value]


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
    candidates with each other: over so many differences each p is adjusted.
    """

    measure: str
    rule: EpochRule
    none: RepeatedFigure
    families: tuple[Family, ...]
    pairs: tuple[Pair, ...]
    missing: tuple[str, ...]
    candidates: int
    compared: int

    def frame(self) -> pd.DataFrame:
        """A row a family: FAMILY, _KEY, _ORDER and _VALUE (of λ), DIFFERENCE, LOW, HIGH, PAIRS; accuracy in shares."""
        found = [(one, one.difference) for one in self.families]
        numbers = [(each.value, _nan(each.low), _nan(each.high), each.repeats) for _, each in found]
        names = (columns.DIFFERENCE, columns.LOW, columns.HIGH, columns.PAIRS)
        strengths = [one.value if _is_lambda(one.key) else np.nan for one, _ in found]
        texts = {columns.FAMILY: [one.label for one, _ in found], columns.FAMILY_KEY: [one.key for one, _ in found]}
        return pd.DataFrame({
            **{name: pd.array(each, dtype="str") for name, each in texts.items()},
            columns.FAMILY_ORDER: np.arange(len(found)),
            columns.FAMILY_VALUE: np.array(strengths, dtype=np.float64),
            **dict(zip(names, np.array(numbers, dtype=np.float64).reshape(-1, len(names)).T, strict=True)),
        })  # fmt: skip


def name_of(key: str) -> str:
    """The name of a family: "λ₂", "dropout", "early stopping alone"."""
    return known_name(key) or key


def known_name(key: str) -> str:
    """The name of a penalty term's λ or of a regularizer by its dotted setting; empty for another setting."""
    by_setting = {entry.setting: entry.label for entry in regularizers().values()}
    return penalty_symbol(key.partition(".")[2]) if _is_lambda(key) else by_setting.get(key, "")


def label_of(key: str, value: Value | None) -> str:
    """A setting with its value: "λ₂ = 0.01", "dropout 0.3"; the name alone without one."""
    if value is None:
        return name_of(key)
    return f"{name_of(key)}{' = ' if _is_lambda(key) else ' '}{value if isinstance(value, str) else exact(value)}"


def keys_of(specs: Sequence[SweepSpec]) -> tuple[str, ...]:
    """The keys of all families of ``specs``, in their order.

    :raises SpecError: as :func:`compare_families`.
    """
    found = [family_of(spec, point, specs[0]) for spec in specs for point in spec.points]
    if None not in found:
        raise SpecError("no sweep has runs without any regularizer, with which the others could be compared")
    alone = [] if specs[0].epoch_rule == "best" else [EARLY_STOPPING]
    return *sorted({known[0] for known in found if known}, key=_place), *alone


def settings_of(run: RunSpec) -> Settings:
    """Dotted setting → value of every penalty term and regularizer that ``run`` switches on."""
    terms = {f"penalty.{key}": strength for key, strength in run.penalty.strengths.items() if strength}
    return {**terms, **{entry.setting: entry.value(run) for entry in _active(run)}}


def without(run: RunSpec) -> RunSpec:
    """``run`` with every penalty term and regularizer off."""
    off = {entry.setting: entry.off for entry in _active(run)}
    terms = dict.fromkeys((key for key in settings_of(run) if _is_lambda(key)), 0.0)
    return run.with_changes({**terms, **off}) if terms or off else run


def family_of(spec: SweepSpec, point: Point, none: SweepSpec) -> tuple[str, Value] | None:
    """Setting and value of the regularizer that the runs at ``point`` have; ``None`` where they have none.

    :raises SpecError: they have several, or differ from the runs of ``none`` in more than that.
    """
    run = spec.run_at(point, spec.applies[0])
    alike = (len(spec.applies), spec.repeats, spec.repeated_over, spec.epoch_rule, spec.only)
    if without(run) != without(none.run.with_changes({"penalty.apply": none.applies[0]})):
        raise SpecError("its runs differ from the others in more than regularizers")
    if alike != (1, none.repeats, none.repeated_over, none.epoch_rule, ()):
        raise SpecError("its repeats, its penalty modes or its epoch rule are not those of the others")
    if len(own := settings_of(run)) > 1:
        raise SpecError(f"its runs have several regularizers: {', '.join(map(name_of, own))}")
    return next(iter(own.items()), None)


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
        chosen = [
            self.best([place for place, one in enumerate(tried) if one.key == key], tried) for key in _keys(tried)
        ]
        p = self.adjusted([one.values - none for one in tried])
        families = {place: family for place in chosen if (family := self.family(place, tried, none, p[place]))}
        cross = [(i, j) for i, j in combinations(range(len(tried)), 2) if tried[i].key != tried[j].key]
        p_pairs = dict(zip(cross, self.adjusted([tried[i].values - tried[j].values for i, j in cross]), strict=True))
        pairs = (self.pair(families[i], families[j], p_pairs[i, j]) for i, j in combinations(families, 2))
        found = {one.key for one in families.values()}
        missing = tuple(key for key in keys if key not in found)
        own = tuple(families.values())
        return Families(
            self.measure, rule, figure, own, tuple(filter(None, pairs)), missing, len(tried), len(cross)
        )  # fmt: skip

    def best(self, places: Sequence[int], tried: Sequence[_Candidate]) -> int:
        """The candidate with the best mean; of equal ones that with the lowest validation loss, then the first."""
        means = mean_and_error(np.stack([tried[place].values for place in places]))[0] * (1 if self.higher else -1)
        tied = [place for place, mean in zip(places, means, strict=True) if mean >= means.max() - TIE]
        return min(tied, key=lambda place: tried[place].loss)

    def adjusted(self, differences: Sequence[Floats]) -> Floats:
        return max_t(np.stack(differences), self.overlap) if differences else np.empty(0)

    def difference(self, first: Floats, second: Floats, p: float) -> PairedDifference | None:
        adjusted = None if np.isnan(p) else float(p)
        return paired_difference(first, second, self.overlap, higher_is_better=self.higher, p_adjusted=adjusted)

    def family(self, place: int, tried: Sequence[_Candidate], none: Floats, p: float) -> Family | None:
        one = tried[place]
        figure = RepeatedFigure.of(one.values, self.overlap, higher_is_better=self.higher)
        difference = self.difference(one.values, none, p)
        if figure is None or difference is None:
            return None
        numbers = [other.value for other in tried if other.key == one.key and isinstance(other.value, float | int)]
        at_end = len(numbers) > 1 and one.value == max(numbers)
        return Family(one.key, one.value, sum(other.key == one.key for other in tried), figure, difference, at_end)

    def pair(self, first: Family, second: Family, p: float) -> Pair | None:
        found = self.difference(np.array(first.figure.values), np.array(second.figure.values), p)
        return None if found is None else Pair(first, second, found)


def _keys(tried: Sequence[_Candidate]) -> list[str]:
    return list(dict.fromkeys(one.key for one in tried))


def _order(candidate: _Candidate) -> tuple[int, str, bool, float, str]:
    """Families in their order; of one family numbers ascending, and words by the alphabet."""
    value = candidate.value
    number, word = (0.0, value) if isinstance(value, str) else (value or 0.0, "")
    return *_place(candidate.key), isinstance(value, str), number, word


def _place(key: str) -> tuple[int, str]:
    """λ first, then regularizers in their order, early stopping alone at the end."""
    by_setting = {entry.setting: entry.order for entry in regularizers().values()}
    return (0 if _is_lambda(key) else by_setting.get(key, 2**31)), key


def _active(run: RunSpec) -> list[Any]:
    """The regularizers that ``run`` switches on; what they own is in :mod:`reglab.regularizers`."""
    return [entry for entry in regularizers().values() if entry.is_on(run)]


def _is_lambda(key: str) -> bool:
    return key.startswith("penalty.")


def _nan(value: float | None) -> float:
    return np.nan if value is None else value
