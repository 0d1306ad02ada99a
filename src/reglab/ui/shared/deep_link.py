"""What the Train page's address asks for: a form (`?penalty.l2=0.03&…`), one run (`?run=ID`) or several (`?runs=a,b`).

An address is typed, shared and edited by hand, so a bad value costs itself alone: it gets its default and a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from reglab.errors import SpecError, clipped
from reglab.spec import RunSpec

MAX_RUNS = 8
"""How many runs one page shows side by side; beyond that, colours and columns can no longer be told apart."""


_MOST_SETTINGS = 100  # in one link; a spec has 26


class Parameters(Protocol):
    """An address as the browser sends it: a parameter may have several values."""

    def to_dict(self) -> dict[str, str]: ...

    def get_all(self, key: str) -> Sequence[str]: ...


@dataclass(frozen=True)
class Address:
    """The runs to show (none: the form), the spec the form starts from, and what could not be read, if anything."""

    runs: tuple[str, ...] = ()
    spec: RunSpec | None = None
    problem: str | None = None


def read(
    query: Mapping[str, str], check: Callable[[RunSpec], None] = lambda spec: None, repeated: Sequence[str] = ()
) -> Address:
    """The address in ``query``; ``spec`` is None where it holds no setting at all.

    ``check`` may refuse more than the spec itself does (names that no registry has) by raising :class:`SpecError`.
    ``repeated`` are the problems of :func:`unique`.
    """
    runs = run_ids(query)
    if runs:
        return Address(runs=runs)
    settings = {key: value for key, value in query.items() if "." in key}
    spec, problems = best_effort(settings, check)
    return Address((), spec if settings else None, _problem([*repeated, *problems]))


def unique(parameters: Parameters, own: Collection[str] = ()) -> tuple[dict[str, str], list[str]]:
    """The parameters without settings that have several values, and a sentence for each of those.

    Settings have a dot in their name, or are among ``own``; ``embed_options`` of Streamlit may well have two values.
    """
    values = parameters.to_dict()
    many = [key for key in values if ("." in key or key in own) and len(parameters.get_all(key)) > 1]
    problems = [f"{clipped(key)} is set twice; keep one of its values." for key in many]
    return {key: value for key, value in values.items() if key not in many}, problems


def run_ids(query: Mapping[str, str]) -> tuple[str, ...]:
    """The run identifiers of ``?run=`` and ``?runs=``, in order, each once, at most MAX_RUNS."""
    text = f"{query.get('run', '')},{query.get('runs', '')}"
    names = [name.strip() for name in text.split(",") if name.strip()]
    return tuple(dict.fromkeys(names))[:MAX_RUNS]


def best_effort(
    settings: Mapping[str, str], check: Callable[[RunSpec], None] = lambda spec: None
) -> tuple[RunSpec, list[str]]:
    """The spec of all settings that can be read together, in their order, and one sentence for each that cannot."""
    try:
        return _read(settings, check), []
    except SpecError:
        kept: dict[str, str] = {}  # find out which of them it is
    problems = []
    if len(settings) > _MOST_SETTINGS:
        problems.append(f"It has {len(settings):,} settings; the first {_MOST_SETTINGS} are read.")
    for key, value in list(settings.items())[:_MOST_SETTINGS]:
        try:
            _read({**kept, key: value}, check)
            kept[key] = value
        except SpecError as error:
            problems.append(str(error))
    return _read(kept, check), problems


def run_query(runs: Iterable[str]) -> dict[str, str]:
    """The address of these runs: ``{"run": id}`` for one, ``{"runs": "a,b"}`` for several."""
    names = list(runs)
    return {"run": names[0]} if len(names) == 1 else {"runs": ",".join(names)}


def _problem(problems: list[str]) -> str | None:
    if not problems:
        return None
    more = f" ({len(problems) - 1} more could not be read.)" if len(problems) > 1 else ""
    return f"The link has a setting that cannot be used, so its default stands in. {problems[0]}{more}"


def _read(settings: Mapping[str, str], check: Callable[[RunSpec], None]) -> RunSpec:
    spec = RunSpec.from_query(settings)
    check(spec)
    return spec
