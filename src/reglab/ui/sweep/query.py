"""The page's query: a sweep and its view state (``?sweep=ID&view=…``), or a form (``?l2=0,0.01&seeds=3&…``).

Links are typed, shared and edited by hand, so a bad value costs itself alone: it gets its default and a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args, get_type_hints

from reglab.charts.gap import Measure
from reglab.charts.sweep_losses import Role
from reglab.charts.sweep_norms import What
from reglab.errors import SpecError, shown
from reglab.spec import RunSpec
from reglab.spec_text import scalar
from reglab.sweep import SweepSpec, parse_values, values_text
from reglab.ui.shared.query import best_effort
from reglab.ui.sweep.presets import DEMO
from reglab.ui.sweep.values import SYMBOLS, normal

View = Literal["losses", "weights", "norms", "memory", "table"]

SWEEP = "sweep"
SETTINGS = ("l1", "l2", "lambdas", "ratio", "ways", "seeds", "folds")
"""Parameters of a sweep itself, besides those of its run; "ways" are the penalty modes."""

USUAL = normal(DEMO.spec)
"""The form without a query."""


@dataclass(frozen=True)
class ViewState:
    """The switches of the view: each is a parameter of the query where it is not the default.

    ``epoch`` None is the newest; ``layer`` None is all weights; ``role`` belongs to the losses, ``what`` to the norms.
    """

    view: View = "losses"
    measure: Measure = "accuracy"
    epoch: int | None = None
    layer: str | None = None
    role: Role = "val"
    what: What = "norm"

    def to_query(self) -> dict[str, str]:
        """The parameters that are not the default."""
        plain = asdict(DEFAULT)
        return {key: str(value) for key, value in asdict(self).items() if value != plain[key]}


DEFAULT = ViewState()
SWITCHES = tuple(field.name for field in fields(ViewState))
_CHOICES = {key: get_args(kind) for key, kind in get_type_hints(ViewState).items() if key not in ("epoch", "layer")}


@dataclass(frozen=True)
class SweepQuery:
    """The sweep to show and its view state, or (None) the form and the sweep it starts from; what could not be read."""

    sweep: str | None = None
    view: ViewState = DEFAULT
    form: SweepSpec | None = None
    problem: str | None = None


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
    return SweepQuery(query[SWEEP].strip() if SWEEP in query else None, view, form, problem)


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
    query = {key: value for key, value in spec.run.to_query().items() if key not in ("penalty.l2", "data.folds")}
    if spec.run.penalty.l2:
        query["penalty.l2"] = repr(spec.run.penalty.l2)
    query |= {name: values_text(values).replace(" ", "") for name in SYMBOLS if (values := getattr(spec, name))}
    if spec.l1_ratio is not None:
        query["ratio"] = repr(spec.l1_ratio)
    if spec.apply:
        query["ways"] = ",".join(spec.apply)
    if spec.folds or spec.seeds > 1:
        query[f"{spec.repeated_over}s"] = str(spec.repeats)
    return query


def _form(query: Mapping[str, str], check: Callable[[RunSpec], None]) -> tuple[SweepSpec | None, list[str]]:
    """The sweep of all parameters that can be read, and a sentence for each that cannot."""
    settings = {key: value for key, value in query.items() if "." in key}
    own = {key: query[key] for key in SETTINGS if key in query}
    if "folds" not in own and settings.get("data.folds"):
        own["folds"] = settings["data.folds"]  # a link from a run
    if not settings and not own:
        return None, []
    of_run = {key: value for key, value in settings.items() if key not in ("data.folds", "data.fold")}
    run, problems = best_effort({"penalty.l2": "0", **of_run}, check)
    spec = SweepSpec(run=run, l2=USUAL.l2)
    lists = {key: own[key] for key in (*SYMBOLS, "ratio") if key in own}  # make sense together only
    for part in filter(None, [lists, *({key: own[key]} for key in own if key not in lists)]):
        try:
            values = {name: value for key, text in part.items() for name, value in _setting(key, text).items()}
            spec = SweepSpec.parse({**({"run": run} if part is lists else dict(spec)), **values})
        except SpecError as error:
            problems.append(str(error))
    return normal(spec), problems


def _setting(key: str, text: str) -> dict[str, Any]:
    """One parameter as a field of :class:`SweepSpec`."""
    if key in SYMBOLS:
        return {key: parse_values(text, SYMBOLS[key])}
    if key == "ratio":
        return {"l1_ratio": scalar(text)}
    if key == "ways":
        return {"apply": tuple(mode.strip() for mode in text.split(",") if mode.strip())}
    return {key: scalar(text)}
