"""The axes of a sweep: which numeric settings of a run it varies, over which values, and how they are named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from reglab.errors import SpecError, shown, suggestion
from reglab.spec import OptimSpec, RunSpec, penalty_keys, penalty_symbol

_DECADE = 10.0
_UNITS = {"data.resize": "px", "train.patience": "epochs", "optim.step_every": "epochs", "train.batch_size": "images"}
_REPEATS = "data.seed", "train.seed", "data.folds", "data.fold", "data.blocks", "data.block"
_WHY_NOT = {
    **dict.fromkeys(_REPEATS, "it changes with the repeats; give a number of seeds, blocks or folds"),
    "data.test_fraction": "the test part is the same for every run",
}


@dataclass(frozen=True)
class Setting:
    """A numeric setting that a sweep can vary: its dotted key, its title on an axis, and its symbol in text.

    ``whole``: it takes integers only. ``is_lambda``: it is the λ of a penalty term.
    """

    key: str
    title: str
    symbol: str
    unit: str = ""
    whole: bool = False
    is_lambda: bool = False


@dataclass(frozen=True)
class Axis:
    """A setting and its ``values``, ascending."""

    setting: Setting
    values: tuple[float, ...]

    @property
    def key(self) -> str:
        return self.setting.key

    @property
    def symbol(self) -> str:
        """Its name in text: "λ₂", "learning rate"."""
        return self.setting.symbol

    @property
    def noun(self) -> str:
        """What one of its values is called: "λ", "value"."""
        return "λ" if self.setting.is_lambda else "value"

    @property
    def title(self) -> str:
        """Its name at an axis of a chart, with the unit: "λ₂", "Early stopping, epochs"."""
        return ", ".join(filter(None, (self.setting.title, self.setting.unit)))

    @property
    def count_text(self) -> str:
        """The number of its values: "9 λ₂", "5 values of learning rate"."""
        count = len(self.values)
        of = "" if self.setting.is_lambda else "value of " if count == 1 else "values of "
        return f"{count} {of}{self.symbol}"

    @property
    def log(self) -> bool:
        """Whether the axis is logarithmic: that of λ always, others where the values above 0 span a decade."""
        positive = [value for value in self.values if value > 0]
        return self.setting.is_lambda or bool(positive and positive[-1] >= _DECADE * positive[0])


def lambda_setting(key: str) -> Setting:
    """λ of the penalty term ``key``."""
    symbol = penalty_symbol(key)
    return Setting(f"penalty.{key}", symbol, symbol, is_lambda=True)


ELASTIC = Setting("lambda", "λ", "λ", is_lambda=True)
"""The λ of an elastic net, from which λ₁ and λ₂ follow."""


def numeric_settings(run: RunSpec) -> dict[str, Setting]:
    """Dotted key → setting, for all that a sweep of ``run`` can vary; settings of its optimizer included."""
    found = {f"penalty.{key}": lambda_setting(key) for key in penalty_keys()}
    kinds = {**RunSpec.part_types(), "optim": OptimSpec.kind(run.optim.name)}
    for part, kind in kinds.items():
        for name, field in kind.model_fields.items():
            key, number = f"{part}.{name}", _number_type(field.annotation)
            if number is not None and key not in _WHY_NOT and key not in found:
                found[key] = _setting(key, field, whole=number is int)
    return dict(sorted(found.items(), key=lambda item: RunSpec.PARTS.index(item[0].partition(".")[0])))


def read_setting(key: str, run: RunSpec) -> Setting:
    """The setting ``key``.

    :raises SpecError: where it does not exist, is no number, or cannot be swept.
    """
    known = numeric_settings(run)
    if key in known:
        return known[key]
    if key in _WHY_NOT:
        raise SpecError(f"{key} cannot be swept: {_WHY_NOT[key]}.")
    if key in run.flat():
        raise SpecError(f"{key} cannot be swept, because it is not a number; choose one of {_listed(known)}.")
    raise SpecError(f"Unknown setting {shown(key)}{suggestion(key, list(known))}; a sweep can vary {_listed(known)}.")


def _listed(known: Mapping[str, Setting]) -> str:
    return ", ".join(known)


def _setting(key: str, field: FieldInfo, *, whole: bool) -> Setting:
    title = field.title or key
    return Setting(key, title, title[:1].lower() + title[1:], _UNITS.get(key, ""), whole)


def _number_type(annotation: Any) -> type | None:
    """``int`` or ``float`` where a setting takes numbers, perhaps besides None."""
    members = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    bases = [get_args(kind)[0] if get_origin(kind) is Annotated else kind for kind in members]
    return next((kind for kind in (int, float) if kind in bases), None)
