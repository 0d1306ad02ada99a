"""What the page's address asks for: one sweep and how to look at it (``?sweep=ID&view=…``), or a form.

An address is typed, shared and edited by hand, so a bad value costs itself alone: it gets its default and a sentence.
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
from reglab.ui.sweep.form_values import normal
from reglab.ui.sweep.presets import DEMO

View = Literal["losses", "weights", "norms", "memory", "table"]

SWEEP = "sweep"


@dataclass(frozen=True)
class Look:
    """How a sweep is looked at: each field is a parameter of the address where it is not the default.

    ``epoch`` None is the newest; ``layer`` None is all kernels; ``role`` belongs to the loss curves, ``what`` to norms.
    """

    view: View = "losses"
    measure: Measure = "accuracy"
    epoch: int | None = None
    layer: str | None = None
    role: Role = "val"
    what: What = "norm"

    def to_query(self) -> dict[str, str]:
        """The parameters of what is not the default."""
        plain = asdict(NEWEST)
        return {key: str(value) for key, value in asdict(self).items() if value != plain[key]}


NEWEST = Look()
LOOKS = tuple(field.name for field in fields(Look))
_CHOICES = {key: get_args(kind) for key, kind in get_type_hints(Look).items() if key not in ("epoch", "layer")}


@dataclass(frozen=True)
class SweepQuery:
    """The sweep to show (None: the form), how; the sweep that the form starts from; what could not be read, if any."""

    sweep: str | None = None
    look: Look = NEWEST
    form: SweepSpec | None = None
    problem: str | None = None


def read(
    query: Mapping[str, str], check: Callable[[RunSpec], None] = lambda spec: None, repeated: Sequence[str] = ()
) -> SweepQuery:
    """The address in ``query``; ``form`` is None where it holds no setting at all.

    ``check`` may refuse more of a run than its spec does, by raising :class:`SpecError`. ``repeated`` are the problems
    of :func:`reglab.ui.shared.query.unique`.
    """
    if SWEEP in query:
        look, problems = read_view(query)
        return SweepQuery(query[SWEEP].strip(), look, None, _problem([*repeated, *problems]))
    form, problems = _form(query, check)
    return SweepQuery(form=form, problem=_problem([*repeated, *problems]))


def read_view(query: Mapping[str, str]) -> tuple[Look, list[str]]:
    """How to look at a sweep, and a sentence for each parameter that cannot be used."""
    values: dict[str, Any] = {}
    problems = []
    for key in LOOKS:
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
    return Look(**values), problems


def sweep_query(sweep_id: str, look: Look = NEWEST) -> dict[str, str]:
    """The address of a sweep, looked at like this."""
    return {SWEEP: sweep_id, **look.to_query()}


def form_query(spec: SweepSpec) -> dict[str, str]:
    """The address of a form with ``spec``; empty for the one that it opens with."""
    spec = normal(spec)
    if spec == USUAL:
        return {}
    lists = {name: ",".join(values_text(values).split(", ")) for name in _LISTS if (values := getattr(spec, name))}
    ratio = {"ratio": repr(spec.l1_ratio)} if spec.l1_ratio is not None else {}
    ways = {"ways": ",".join(spec.apply)} if spec.apply else {}
    repeats = {"folds": str(spec.folds)} if spec.folds else {"seeds": str(spec.seeds)} if spec.seeds > 1 else {}
    return {**_run_query(spec.run), **lists, **ratio, **ways, **repeats}


_LISTS = {"l1": "λ₁", "l2": "λ₂", "lambdas": "λ"}
SETTINGS = (*_LISTS, "ratio", "ways", "seeds", "folds")
"""Parameters of a sweep itself, besides those of its run."""

_FOLDS = ("data.folds", "data.fold")
USUAL = normal(DEMO.spec)
"""What the form opens with."""


def _run_query(run: RunSpec) -> dict[str, str]:
    return {key: value for key, value in run.to_query().items() if key not in ("penalty.l2", "data.folds")} | (
        {"penalty.l2": repr(run.penalty.l2)} if run.penalty.l2 else {}
    )


def _form(query: Mapping[str, str], check: Callable[[RunSpec], None]) -> tuple[SweepSpec | None, list[str]]:
    """The sweep of all that can be read, and a sentence for each part that cannot."""
    settings = {key: value for key, value in query.items() if "." in key}
    own = {key: query[key] for key in SETTINGS if key in query}
    if "folds" not in own and settings.get("data.folds"):
        own["folds"] = settings["data.folds"]  # a link from a run
    if not settings and not own:
        return None, []
    run, problems = best_effort(
        {"penalty.l2": "0", **{key: settings[key] for key in settings if key not in _FOLDS}}, check
    )
    spec = SweepSpec(run=run, l2=USUAL.l2)
    lists = {key: own[key] for key in (*_LISTS, "ratio") if key in own}
    for part in filter(None, [lists, *({key: own[key]} for key in own if key not in lists)]):
        try:
            read_part = {name: value for key, text in part.items() for name, value in _read(key, text).items()}
            kept = {"run": run} if part is lists else dict(spec)
            spec = SweepSpec.parse({**kept, **read_part})
        except SpecError as error:
            problems.append(str(error))
    return normal(spec), problems


def _read(key: str, text: str) -> dict[str, Any]:
    """One parameter as a field of :class:`SweepSpec`."""
    if key in _LISTS:
        return {key: parse_values(text, _LISTS[key])}
    if key == "ratio":
        return {"l1_ratio": scalar(text)}
    if key == "ways":
        return {"apply": tuple(way.strip() for way in text.split(",") if way.strip())}
    return {key: scalar(text)}


def _problem(problems: list[str]) -> str | None:
    if not problems:
        return None
    more = f" ({len(problems) - 1} more could not be read.)" if len(problems) > 1 else ""
    return f"The link has a part that cannot be used, so its default stands in. {problems[0]}{more}"
