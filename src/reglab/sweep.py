"""The specification of a sweep: one run spec × values of one or two axes × penalty modes × seeds, blocks or folds.

An axis is λ or any other numeric setting. Every combination is a lane: a run with a complete
:class:`reglab.spec.RunSpec` of its own. Lanes of one repeat (seed, block or fold) are paired: they share seeds, and
with them initial weights, split, batch order and dropout masks, and differ in the axes and the penalty mode alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    model_validator,
)

from reglab import spec_text
from reglab.columns import Measure
from reglab.errors import SpecError
from reglab.number_text import number_text
from reglab.spec import Apply, DataSpec, Number, RunSpec, Whole, with_one_size
from reglab.spec_errors import sentence
from reglab.sweep_axes import ELASTIC, Axis, lambda_setting, read_setting
from reglab.sweep_values import MOST_VALUES, check_count, check_once, check_values

_Kept = Annotated[Number, PlainSerializer(lambda value: value)]  # an integer is written as one
Kind = Literal["l2", "l1", "elastic", "grid", "setting"]
Repeats = Literal["seed", "block", "fold"]
EpochRule = Literal["last", "best", "common"]
EPOCH_RULES: tuple[EpochRule, ...] = get_args(EpochRule)

MOST_LANES = 1000
"""Runs of one sweep."""

MOST_REPEATS = 50
_LARGEST_SEED = 2**32 - 1
_SYMBOLS = {"l1": "λ₁", "l2": "λ₂", "lambdas": "λ"}


@dataclass(frozen=True)
class Point:
    """One place in the sweep: its ``value`` on the first axis, its λ₁ and λ₂, and its value on a second axis.

    The first axis is λ where λ is swept, and the sum λ₁ + λ₂ of a grid, which has no ``second``.
    """

    value: float
    l1: float
    l2: float
    second: float | None = None


@dataclass(frozen=True)
class LaneSpec:
    """One run of a sweep: its point, penalty mode, repeat (from 0) and whole spec."""

    point: Point
    apply: Apply
    repeat: int
    run: RunSpec


class SweepSpec(BaseModel):
    """The values of the axes and their repeats. Settings that are not swept are those of ``run``.

    ``l2`` alone is an L2 sweep, ``l1`` alone an L1 sweep, both together a grid. ``lambdas`` with ``l1_ratio`` ρ is an
    elastic-net sweep: λ₁ = ρλ and λ₂ = (1 − ρ)λ (as in scikit-learn and glmnet). ``over`` has the values of any other
    numeric setting under its dotted key, alone or beside λ: one or two axes in all, where a grid is two. ``apply``
    empty is that of ``run``. Repeat r of ``seeds`` adds r to the data seed and the training seed; of ``folds`` it
    validates on fold r of that many stratified folds and adds r to the training seed; of ``blocks`` it has block r of
    that many disjoint ones to train and to validate on, and adds r to the training seed. ``only`` trains the points
    with these numbers alone, as a confirmation does. ``epoch`` is the rule by which runs are judged, declared before
    any is trained; empty is the default of :attr:`epoch_rule`. ``measure`` is the validation figure to choose λ by,
    declared likewise: commands and the form declare the loss, and an absent one means the accuracy, as in earlier
    versions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    run: RunSpec = Field(default_factory=RunSpec)
    l1: tuple[Number, ...] = ()
    l2: tuple[Number, ...] = ()
    lambdas: tuple[Number, ...] = ()
    l1_ratio: Number | None = Field(None, ge=0, le=1)
    apply: tuple[Apply, ...] = ()
    seeds: Whole = Field(1, ge=1, le=MOST_REPEATS)
    folds: Whole = Field(0, ge=0, le=MOST_REPEATS)
    blocks: Whole = Field(0, ge=0, le=MOST_REPEATS, exclude_if=lambda blocks: blocks == 0)
    over: dict[str, tuple[_Kept, ...]] = Field(default_factory=dict, exclude_if=lambda axes: not axes)
    only: tuple[Whole, ...] = Field((), exclude_if=lambda numbers: not numbers)
    epoch: EpochRule | None = Field(None, exclude_if=lambda rule: rule is None)
    measure: Measure = Field("accuracy", exclude_if=lambda measure: measure == "accuracy")

    @model_validator(mode="before")
    @classmethod
    def _own_lists(cls, values: Any) -> Any:
        """λ₁ and λ₂ have lists of their own, in which those of ``over`` belong."""
        over = values.get("over") if isinstance(values, Mapping) else None
        own = {key: f"penalty.{key}" for key in ("l1", "l2")}
        moved = {key: over[dotted] for key, dotted in own.items() if isinstance(over, Mapping) and dotted in over}
        for key in moved:
            if values.get(key):
                raise ValueError(f"{own[key]} is swept twice; give its values once")
        left = {key: value for key, value in (over or {}).items() if key not in own.values()} if moved else over
        return {**values, **moved, "over": left} if moved else values

    @model_validator(mode="after")
    def _whole(self) -> SweepSpec:
        for name in ("l1", "l2", "lambdas"):
            check_count(_SYMBOLS[name], len(getattr(self, name)))
            check_values(_SYMBOLS[name], getattr(self, name))
            object.__setattr__(self, name, tuple(sorted(getattr(self, name))))
        if not (self.l1 or self.l2 or self.lambdas or self.over):
            raise ValueError("at least one λ is needed; give a list such as 0,1e-3,1e-2 or a range 1e-4:1e-1:9")
        if bool(self.lambdas) != (self.l1_ratio is not None):
            raise ValueError("an elastic-net sweep needs both: the λ values and the L1 ratio")
        if self.lambdas and (self.l1 or self.l2):
            raise ValueError("a sweep has either λ values with an L1 ratio, or values of λ₁ and λ₂, not both")
        if len(set(self.apply)) != len(self.apply):
            raise ValueError("a penalty mode is given twice")
        if self.folds == 1:
            raise ValueError("cross-validation needs at least 2 folds; 0 means none")
        if self.blocks == 1:
            raise ValueError("disjoint blocks are at least 2; 0 means none")
        kinds = {"seeds": self.seeds > 1, "folds": self.folds, "blocks": self.blocks}
        if len(several := [f"over {kind}" for kind, given in kinds.items() if given]) > 1:
            raise ValueError(f"a sweep repeats {' or '.join(several[:2])}, not both")
        for name in ("folds", "blocks"):
            if getattr(self.run.data, name) is not None:
                raise ValueError(
                    f"the run of a sweep names no {name} of its own; give the number of {name} to the sweep"
                )
        self._check_over()
        if list(self.only) != sorted(set(self.only) & set(range(len(self._every_point)))):
            raise ValueError("only has numbers of points, ascending, each once")
        self._check_size()
        self._check_seeds()
        return self

    def _check_over(self) -> None:
        """Values of ``over`` ascend, whole settings have integers, and every value is one that a run can have."""
        found = {key: (read_setting(key, self.run), values) for key, values in self.over.items()}
        for key, (setting, values) in found.items():
            check_count(key, len(values))
            check_once(key, values)
            if not values:
                raise ValueError(f"{key} has no values; give a list such as 0,0.3,0.5 or a range 1e-4:1e-1:9")
            for value in values:
                if setting.whole and value != int(value):
                    raise ValueError(f"{key} takes whole numbers only, not {number_text(value)}")
                self.run.with_changes({key: int(value) if setting.whole else float(value)})
        numbers = {key: tuple(sorted(map(int if s.whole else float, values))) for key, (s, values) in found.items()}
        first = sorted(numbers, key=lambda key: not found[key][0].is_lambda)  # λ is the first axis
        object.__setattr__(self, "over", {key: numbers[key] for key in first})
        if len(self.axes) > 2:
            listed = ", ".join(axis.symbol for axis in self.axes)
            raise ValueError(f"a sweep has one or two axes, not {len(self.axes)}: {listed}")

    def _check_size(self) -> None:
        values, lanes = len(self.points), self.size
        what = "points" if self.over else "λ"
        if self.over and values > MOST_VALUES:
            raise ValueError(f"{values:,} points are more than the {MOST_VALUES} that a sweep takes; give fewer values")
        check_count("λ", values)
        if lanes > MOST_LANES:
            raise ValueError(
                f"{values:,} {what} × {lanes // values:,} are {lanes:,} runs of {self.run.train.epochs:,} epochs each, "
                f"more than the {MOST_LANES:,} that a sweep takes; give fewer {what} or fewer repeats"
            )

    def _check_seeds(self) -> None:
        """The seeds of the last repeat must exist too."""
        by_seed = self.repeated_over == "seed"
        seeds = {"train.seed": self.run.train.seed} | ({"data.seed": self.run.data.seed} if by_seed else {})
        most = _LARGEST_SEED - (self.repeats - 1)
        for name, seed in seeds.items():
            if seed > most:
                raise ValueError(f"run.{name} {seed} leaves no room for {self.repeats} repeats; make it at most {most}")

    @property
    def kind(self) -> Kind:
        """Which λ is swept; "setting" where neither λ₁ nor λ₂ is."""
        if self.lambdas:
            return "elastic"
        return "grid" if self.l1 and self.l2 else "l1" if self.l1 else "l2" if self.l2 else "setting"

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The axes, λ first; of a grid λ₁ and λ₂."""
        lists = [(lambda_setting("l1"), self.l1), (lambda_setting("l2"), self.l2), (ELASTIC, self.lambdas)]
        others = [(read_setting(key, self.run), values) for key, values in self.over.items()]
        return tuple(Axis(setting, values) for setting, values in (*lists, *others) if values)

    @property
    def is_map(self) -> bool:
        """Whether there are two axes, so that the points form a map."""
        return len(self.axes) == 2

    @property
    def symbol(self) -> str:
        """The symbol of the first axis: "λ₂", "λ₁", "λ", "learning rate", or "λ₁ + λ₂" of a grid."""
        return "λ₁ + λ₂" if self.kind == "grid" else self.axes[0].symbol

    @property
    def points(self) -> tuple[Point, ...]:
        """Every point, ascending along the first axis, for each value of the second."""
        every = self._every_point
        return tuple(every[number] for number in self.only) or every

    @property
    def _every_point(self) -> tuple[Point, ...]:
        first = self._first_points()
        second = self.axes[1].values if self.is_map and self.kind != "grid" else (None,)
        return tuple(Point(one.value, one.l1, one.l2, other) for other, one in product(second, first))

    def _first_points(self) -> list[Point]:
        own = self.run.penalty
        match self.kind:
            case "l2":
                return [Point(value, own.l1, value) for value in self.l2]
            case "l1":
                return [Point(value, value, own.l2) for value in self.l1]
            case "elastic":
                ratio = self.l1_ratio or 0.0
                return [Point(value, ratio * value, (1 - ratio) * value) for value in self.lambdas]
            case "grid":
                pairs = [(l1, l2) for l1 in self.l1 for l2 in self.l2]
                return [Point(l1 + l2, l1, l2) for l1, l2 in sorted(pairs, key=lambda pair: (sum(pair), pair))]
            case "setting":
                return [Point(value, own.l1, own.l2) for value in self.axes[0].values]

    def place(self, point: Point) -> tuple[tuple[Axis, float], ...]:
        """The value of ``point`` on each axis."""
        values = (point.l1, point.l2) if self.kind == "grid" else (point.value, point.second)
        return tuple((axis, value) for axis, value in zip(self.axes, values, strict=False) if value is not None)

    def structure(self, point: Point) -> tuple[float, ...]:
        """What the runs at ``point`` have besides λ: points of equal structure differ in λ alone."""
        return tuple(value for axis, value in self.place(point) if not axis.setting.is_lambda)

    def run_at(self, point: Point, apply: Apply) -> RunSpec:
        """The run at ``point``, with the seeds of the first repeat and its block, if any, and without folds."""
        values = self._values_at(point, apply)
        values["data"] |= {"blocks": self.blocks} if self.blocks else {}
        return RunSpec.parse(values)

    def _values_at(self, point: Point, apply: Apply) -> dict[str, Any]:
        values = self.run.model_dump()
        values["penalty"] |= {"l1": point.l1, "l2": point.l2, "apply": apply}
        for axis, value in self.place(point):
            if axis.key in self.over:
                part, _, name = axis.key.partition(".")
                values.setdefault(part, {})[name] = value  # a dump has no regularizers that are off
        swept = {key.removeprefix("data."): True for key in self.over if key.startswith("data.")}
        values["data"] = with_one_size(values["data"], swept)
        return values

    @property
    def shared_data(self) -> DataSpec:
        """The settings of the data that all runs share; swept ones have their defaults."""
        swept = [key.removeprefix("data.") for key in self.over if key.startswith("data.")]
        return self.run.data.model_copy(update={name: DataSpec.model_fields[name].default for name in swept})

    @property
    def applies(self) -> tuple[Apply, ...]:
        """Every penalty mode, at least one."""
        return self.apply or (self.run.penalty.apply,)

    @property
    def repeats(self) -> int:
        """Number of seeds, blocks or folds."""
        return self.folds or self.blocks or self.seeds

    @property
    def repeated_over(self) -> Repeats:
        """What differs from one repeat to the next."""
        return "fold" if self.folds else "block" if self.blocks else "seed"

    @property
    def epoch_rule(self) -> EpochRule:
        """The epoch at which runs count: *last*; *best*, each at its lowest validation loss; or *common*.

        *common* is, for each λ, the epoch of the lowest mean validation loss among those that all repeats reached.
        Where none is declared: *best* with early stopping, else *last*.
        """
        return self.epoch or ("best" if self.run.train.patience else "last")

    @property
    def size(self) -> int:
        """Number of runs."""
        return len(self.points) * len(self.applies) * self.repeats

    def lanes(self) -> tuple[LaneSpec, ...]:
        """Every run: repeats outermost, then penalty modes, then points; the order is part of the format."""
        return tuple(
            LaneSpec(point, apply, repeat, self._run_of(point, apply, repeat))
            for repeat in range(self.repeats)
            for apply in self.applies
            for point in self.points
        )

    def _run_of(self, point: Point, apply: Apply, repeat: int) -> RunSpec:
        values = self._values_at(point, apply)
        values["train"]["seed"] += repeat
        match self.repeated_over:
            case "seed":
                values["data"]["seed"] += repeat
            case "block":
                values["data"] |= {"blocks": self.blocks, "block": repeat}
            case "fold":
                values["data"] |= {"folds": self.folds, "fold": repeat}
        return RunSpec.parse(values)

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> SweepSpec:
        """The sweep that nested ``values`` describe; missing keys take their defaults.

        :raises SpecError: one sentence on the first problem.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise SpecError(sentence(error, RunSpec.part_types(), list(cls.model_fields), whole="The sweep")) from None

    @classmethod
    def from_json(cls, text: str) -> SweepSpec:
        """What :meth:`to_json` wrote.

        :raises SpecError: one sentence on anything else.
        """
        try:
            values = spec_text.read_json(text, "The sweep")
        except json.JSONDecodeError:
            raise SpecError("The sweep is not valid JSON.") from None
        return cls.parse(values)

    def to_json(self) -> str:
        """The whole sweep as JSON."""
        return self.model_dump_json()

    def to_yaml(self) -> str:
        """The whole sweep as YAML."""
        return spec_text.dump(self.model_dump(mode="json"))
