"""The form's values, its sweep, and the query: ``?sweep=ID&view=…`` or a form, ``?l2=0,0.01&seeds=3&…``.

Links are typed, shared and edited by hand, so a bad value costs itself alone: it gets its default and a sentence. The
fields of a run are those of the Train page under keys of their own. Pure functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from math import inf
from typing import Any, Literal, get_args, get_type_hints

from reglab.charts.gap import Measure
from reglab.charts.sweep_losses import Role
from reglab.charts.sweep_norms import What
from reglab.errors import RegLabError, SpecError, shown
from reglab.number_text import NotANumber, number_text, read_named
from reglab.spec import Apply, RunSpec
from reglab.spec_text import scalar
from reglab.sweep import EpochRule, Kind, SweepSpec
from reglab.sweep_axes import read_setting
from reglab.sweep_values import parse_values, values_text
from reglab.ui.shared import spec_fields as of_run
from reglab.ui.shared.query import best_effort, name_in
from reglab.ui.shared.spec_fields import FieldError
from reglab.ui.sweep.presets import DEMO

View = Literal["losses", "weights", "norms", "calibration", "memory", "table"]
LossView = Literal[Role, "map"]

SWEEP = "sweep"
SETTINGS = ("l1", "l2", "lambdas", "ratio", "ways", "seeds", "folds", "blocks", "rule", "by", "over")
"""Parameters of a sweep itself, besides those of its run: "ways" are the penalty modes, "rule" is the epoch rule, "by"
the measure that λ is chosen by, and "over" has the other axes."""

PREFIX = "sweep_"
_PARTS = frozenset({"data.folds", "data.fold", "data.blocks", "data.block"})
_OF_SWEEP = _PARTS | {"penalty.apply"}  # settings of a run that the sweep decides

RUN_WIDGETS = {setting: PREFIX + key for setting, key in of_run.WIDGETS.items() if setting not in _OF_SWEEP}
"""Dotted setting of a run → widget key."""

KIND, MODES, OVER, REPEATS, RATIO, RULE, BY = (
    PREFIX + name for name in ("kind", "modes", "over", "repeats", "ratio", "rule", "by")
)
LISTS: Mapping[str, str] = {"l2": PREFIX + "l2_values", "l1": PREFIX + "l1_values", "lambdas": PREFIX + "lambdas"}
SYMBOLS: Mapping[str, str] = {"l2": "λ₂", "l1": "λ₁", "lambdas": "λ"}
AUTOMATIC = "automatic"
"""The epoch rule of the form that leaves it to the sweep: best with early stopping, else last."""

FIRST, FIRST_VALUES, SECOND, SECOND_VALUES = (PREFIX + name for name in ("first", "firsts", "second", "seconds"))
"""The swept setting of a sweep without λ, and a second axis, with their values; NO_AXIS is none."""

NO_AXIS = "none"
KEYS = (
    *(*RUN_WIDGETS.values(), KIND, MODES, OVER, REPEATS, RATIO, RULE, BY, *LISTS.values()),
    *(FIRST, FIRST_VALUES, SECOND, SECOND_VALUES),
)

KINDS: Mapping[Kind, str] = {"l2": "L2", "l1": "L1", "elastic": "Elastic net", "grid": "L1 × L2", "setting": "Other"}
LISTED: Mapping[Kind, tuple[str, ...]] = {
    "l2": ("l2",),
    "l1": ("l1",),
    "elastic": ("lambdas",),
    "grid": ("l1", "l2"),
    "setting": (),
}
"""The lists of λ that a kind of sweep has."""

FIXED: Mapping[Kind, str] = {"l2": "penalty.l1", "l1": "penalty.l2"}
"""The other λ, which is the same in every run."""

_USUAL_LISTS = {"l2": "0, 1e-4:1e-1:8", "l1": "0, 1e-3:1:8", "lambdas": "0, 1e-4:1e-1:8"}
_USUAL_RATIO = 0.5
USUAL_VALUES: Mapping[str, str] = {
    "optim.lr": "1e-4:1e-1:7",
    "model.dropout": "0, 0.1, 0.2, 0.3, 0.5",
    "data.train_size": "50, 100, 200, 400",
    "data.label_noise": "0, 0.1, 0.2, 0.4",
    "data.train_share": "0.1, 0.25, 0.5, 1",
    "data.imbalance": "1, 3, 10, 30, 100",
    "data.input_noise": "0, 0.05, 0.1, 0.2, 0.4",
    "data.val_input_noise": "0, 0.05, 0.1, 0.2, 0.4",
    "train.batch_size": "8, 16, 32, 64",
    "train.epochs": "10, 20, 40, 80",
    "train.patience": "0, 2, 5, 10",
}
"""Examples of values; a list of λ is the example of any other λ."""
_FIELDS: Mapping[str, str] = {
    "l1_ratio": RATIO,
    **dict.fromkeys(("seeds", "folds", "blocks", "data.folds", "data.blocks"), REPEATS),
}
"""Key of a sweep's spec → key of its field, where a sentence on the key opens with it."""

_FIRST, _SECOND = "model.dropout", "optim.lr"
_LONGEST = 200_000  # characters of a list of λ
_LONGEST_BESIDE = 200


def normal(spec: SweepSpec) -> SweepSpec:
    """``spec`` without the swept λ and the penalty mode in its run, which the sweep decides."""
    swept = {"penalty.l1": 0.0, "penalty.l2": 0.0} if spec.kind != "setting" else {}
    if fixed := FIXED.get(spec.kind):
        del swept[fixed]
    run = spec.run.with_changes({**swept, "penalty.apply": spec.applies[0]})
    return spec.model_copy(update={"run": run, "apply": spec.applies if len(spec.applies) > 1 else ()})


def to_values(spec: SweepSpec) -> dict[str, Any]:
    """Widget key → value that shows ``spec``."""
    spec = normal(spec)
    run, over = of_run.to_values(spec.run), list(spec.over.items())
    first = over.pop(0) if spec.kind == "setting" else (_FIRST, ())
    second = over[0] if over else (NO_AXIS, ())
    return {
        **{key: run[of_run.WIDGETS[setting]] for setting, key in RUN_WIDGETS.items()},
        **{key: values_text(getattr(spec, name)) or _USUAL_LISTS[name] for name, key in LISTS.items()},
        KIND: spec.kind,
        MODES: list(spec.applies),
        OVER: spec.repeated_over,
        REPEATS: spec.repeats,
        RATIO: number_text(_USUAL_RATIO if spec.l1_ratio is None else spec.l1_ratio),
        RULE: spec.epoch or AUTOMATIC,
        BY: spec.measure,
        FIRST: first[0],
        FIRST_VALUES: values_text(first[1]) or USUAL_VALUES[_FIRST],
        SECOND: second[0],
        SECOND_VALUES: values_text(second[1]) or USUAL_VALUES[_SECOND],
    }


def to_sweep(values: Mapping[str, Any]) -> SweepSpec:
    """The sweep that the form's ``values`` describe.

    :raises FieldError: one sentence that names the field as the page does.
    """
    kind: Kind = values.get(KIND) or "l2"
    modes: list[Apply] = list(values.get(MODES) or [])
    repeats, over = values.get(REPEATS), values.get(OVER) or "seed"
    if not modes:
        raise FieldError("Choose at least one penalty mode.", MODES)
    if repeats is None:
        raise FieldError("The number of repeats is empty; fill it in.", REPEATS)
    if over == "fold" and repeats < 2:
        raise FieldError("Cross-validation needs at least 2 folds.", REPEATS)
    if over == "block" and repeats < 2:
        raise FieldError("Disjoint blocks are at least 2.", REPEATS)
    wanted: dict[str, Any] = {name: read_list(values, name) for name in LISTED[kind]}
    if kind == "elastic":
        wanted["l1_ratio"] = _read_ratio(values.get(RATIO))
    run = {of_run.WIDGETS[setting]: values[key] for setting, key in RUN_WIDGETS.items() if key in values}
    for swept in {"penalty.l1", "penalty.l2"} - {FIXED.get(kind, "")} if kind != "setting" else ():
        run[of_run.WIDGETS[swept]] = "0"
    wanted["run"] = of_run.to_spec({**run, of_run.WIDGETS["penalty.apply"]: modes[0]})
    wanted["over"] = {key: read_axis(values, key, listed, wanted["run"]) for key, listed in axes_of(values)}
    wanted["apply"] = tuple(modes) if len(modes) > 1 else ()
    wanted[f"{over}s"] = repeats
    rule = values.get(RULE) or AUTOMATIC
    wanted["epoch"] = None if rule == AUTOMATIC else rule
    wanted["measure"] = values.get(BY) or "loss"
    try:
        return normal(SweepSpec.parse(wanted))
    except SpecError as error:
        raise field_error(error, values) from None


def field_error(error: RegLabError, values: Mapping[str, Any]) -> FieldError:
    """A sweep's error as the page writes it; its field is the one that the sentence opens with.

    The value of a swept setting is at fault in the field of its axis.
    """
    opens_with = str(error).removeprefix("The sweep: ").removeprefix("run.")
    fields = {**_FIELDS, **dict(axes_of(values))}
    opens = [name for name in (*fields, *of_run.SETTINGS) if opens_with.startswith(name)]
    name = max(opens, key=len, default=None)
    return FieldError(as_labels(str(error)), None if name is None else fields.get(name, name))


def _read_ratio(text: Any) -> float:
    try:
        return read_named(text, "L1 ratio")
    except NotANumber as error:
        raise FieldError(str(error), RATIO) from None


def read_list(values: Mapping[str, Any], name: str) -> tuple[float, ...]:
    """The λ in the field of list ``name``.

    :raises FieldError: where they cannot be read.
    """
    text: str = values.get(LISTS[name]) or ""
    return _parse(text, SYMBOLS[name], LISTS[name])


def _parse(text: str, name: str, field: str, **limits: Any) -> tuple[float, ...]:
    """The numbers in the field with the key ``field``, which messages call ``name``."""
    if len(text) > _LONGEST:
        raise FieldError(f"{name}: the list has {len(text):,} characters, more than the {_LONGEST:,} allowed.", field)
    try:
        return parse_values(text, name, **limits)
    except SpecError as error:
        raise FieldError(as_labels(str(error)), field) from None


def axes_of(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(dotted setting, key of the field with its values) of every axis that is not a list of λ.

    :raises FieldError: one setting is chosen twice.
    """
    kind = values.get(KIND)
    first = [(values.get(FIRST) or _FIRST, FIRST_VALUES)] if kind == "setting" else []
    second = values.get(SECOND) or NO_AXIS
    axes = first + ([(second, SECOND_VALUES)] if second != NO_AXIS and kind != "grid" else [])
    if len(axes) == 2 and axes[0][0] == axes[1][0]:
        raise FieldError(f"{of_run.title(second)} is chosen for both axes; choose another second axis.", SECOND)
    return axes


def read_axis(values: Mapping[str, Any], key: str, listed: str, run: RunSpec) -> tuple[float, ...]:
    """The values of setting ``key`` in the field ``listed``.

    :raises FieldError: where they cannot be read.
    """
    return _parse(values.get(listed) or "", key, listed, most=inf, whole=read_setting(key, run).whole)


def as_labels(sentence: str) -> str:
    """A sweep's sentence with the fields' names on the page."""
    for dotted, label in (("run.", ""), ("l1_ratio", "L1 ratio"), ("The sweep: ", "")):
        sentence = sentence.replace(dotted, label)
    sentence = of_run.as_labels(sentence)
    return sentence[:1].upper() + sentence[1:] if sentence[:1].isascii() else sentence  # λ stays small


USUAL = normal(DEMO.spec)
"""The form without a query."""


@dataclass(frozen=True)
class ViewState:
    """The switches of the view: each is a parameter of the query where it is not the default.

    ``epoch`` None is the newest; ``layer`` None is all weights; ``role`` belongs to the losses, ``what`` to the norms.
    ``rule`` None is the epoch rule that the sweep declares.
    ``beside``: ids of linked sweeps, between commas: maps of λ and the learning rate, or other regularizers.
    """

    view: View = "losses"
    measure: Measure = "loss"
    epoch: int | None = None
    layer: str | None = None
    role: LossView = "val"
    what: What = "norm"
    rule: EpochRule | None = None
    beside: str = ""

    def to_query(self) -> dict[str, str]:
        """The parameters that are not the default."""
        plain = asdict(DEFAULT)
        return {key: str(value) for key, value in asdict(self).items() if value != plain[key]}


DEFAULT = ViewState()
SWITCHES = tuple(field.name for field in fields(ViewState))
_CHOICES = {
    key: get_args(kind) for key, kind in get_type_hints(ViewState).items() if key not in ("epoch", "layer", "beside")
}
_CHOICES["rule"] = get_args(EpochRule)


@dataclass(frozen=True)
class SweepQuery:
    """The sweep to show and its view state, or (None) the form's sweep and its name; what could not be read."""

    sweep: str | None = None
    view: ViewState = DEFAULT
    form: SweepSpec | None = None
    problem: str | None = None
    name: str = ""


def read(
    query: Mapping[str, str], check: Callable[[RunSpec], None] = lambda spec: None, repeated: Sequence[str] = ()
) -> SweepQuery:
    """The parsed ``query``; ``form`` is None where it has no setting.

    ``check`` may refuse more of a run than its spec does, by raising :class:`SpecError`. ``repeated`` are problems
    found before.
    """
    view, form = DEFAULT, None
    if SWEEP in query:
        view, problems = read_view(query)
    else:
        form, problems = _form(query, check)
    problems = [*repeated, *problems]
    more = f" ({len(problems) - 1} more could not be read.)" if len(problems) > 1 else ""
    problem = (
        f"The link has a part that cannot be used, so its default stands in. {problems[0]}{more}" if problems else None
    )
    return SweepQuery(query[SWEEP].strip() if SWEEP in query else None, view, form, problem, name_in(query))


def read_view(query: Mapping[str, str]) -> tuple[ViewState, list[str]]:
    """The view state, and a sentence for each parameter that cannot be used."""
    values: dict[str, Any] = {}
    problems = []
    for key in SWITCHES:
        text = query.get(key)
        if text is None:
            continue
        if key == "layer":
            values[key] = text or None
        elif key == "beside":
            values[key] = text[:_LONGEST_BESIDE]
        elif key == "epoch" and text.isdecimal() and len(text) < 9 and int(text) > 0:
            values[key] = int(text)
        elif text in _CHOICES.get(key, ()):
            values[key] = text
        else:
            known = ", ".join(_CHOICES.get(key, ("a number from 1",)))
            problems.append(f"{key} {shown(text)} is not one of: {known}.")
    return ViewState(**values), problems


def sweep_query(sweep_id: str, view: ViewState = DEFAULT) -> dict[str, str]:
    """The query of a sweep in this view state."""
    return {SWEEP: sweep_id, **view.to_query()}


def form_query(spec: SweepSpec) -> dict[str, str]:
    """The query of a form with ``spec``; empty for the usual one."""
    spec = normal(spec)
    if spec == USUAL:
        return {}
    query = {key: value for key, value in spec.run.to_query().items() if key not in ("penalty.l2", *_PARTS)}
    if spec.run.penalty.l2:
        query["penalty.l2"] = repr(spec.run.penalty.l2)
    query |= {name: values_text(values).replace(" ", "") for name in SYMBOLS if (values := getattr(spec, name))}
    if spec.l1_ratio is not None:
        query["ratio"] = repr(spec.l1_ratio)
    if spec.apply:
        query["ways"] = ",".join(spec.apply)
    if spec.over:
        query["over"] = ";".join(f"{key}={values_text(own).replace(' ', '')}" for key, own in spec.over.items())
    if spec.repeats > 1:
        query[f"{spec.repeated_over}s"] = str(spec.repeats)
    if spec.epoch is not None:
        query["rule"] = spec.epoch
    if spec.measure == "loss":
        query["by"] = spec.measure
    return query


def _form(query: Mapping[str, str], check: Callable[[RunSpec], None]) -> tuple[SweepSpec | None, list[str]]:
    """The sweep of all parameters that can be read, and a sentence for each that cannot."""
    settings = {key: value for key, value in query.items() if "." in key}
    own = {key: query[key] for key in SETTINGS if key in query}
    for name in ("folds", "blocks"):
        if name not in own and settings.get(f"data.{name}"):
            own[name] = settings[f"data.{name}"]  # a link from a run
    if not settings and not own:
        return None, []
    of_run = {key: value for key, value in settings.items() if key not in _PARTS}
    run, problems = best_effort({"penalty.l2": "0", **of_run}, check)
    spec = SweepSpec(run=run, l2=USUAL.l2)
    lists = {key: own[key] for key in (*SYMBOLS, "ratio", "over") if key in own}  # make sense together only
    for part in filter(None, [lists, *({key: own[key]} for key in own if key not in lists)]):
        try:
            values = {name: value for key, text in part.items() for name, value in _setting(key, text, run).items()}
            spec = SweepSpec.parse({**({"run": run} if part is lists else dict(spec)), **values})
        except SpecError as error:
            problems.append(str(error))
    return normal(spec), problems


def _setting(key: str, text: str, run: RunSpec) -> dict[str, Any]:
    """One parameter as a field of :class:`SweepSpec`."""
    if key in SYMBOLS:
        return {key: parse_values(text, SYMBOLS[key])}
    if key == "over":
        parts = [part.partition("=") for part in text.split(";") if part.strip()]
        whole = {name.strip(): read_setting(name.strip(), run).whole for name, _, _ in parts}
        lists = {name.strip(): listed for name, _, listed in parts}
        return {"over": {name: parse_values(lists[name], name, most=inf, whole=whole[name]) for name in lists}}
    if key == "ratio":
        return {"l1_ratio": scalar(text)}
    if key == "ways":
        return {"apply": tuple(mode.strip() for mode in text.split(",") if mode.strip())}
    return {{"rule": "epoch", "by": "measure"}.get(key, key): scalar(text)}
