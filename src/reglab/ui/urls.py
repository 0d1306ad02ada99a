"""What the Train page's address asks for: a form (`?penalty.l2=0.03&…`), one run (`?run=ID`) or several (`?runs=a,b`).

An address is typed, shared and edited by hand, so a bad value costs itself alone: it gets its default and a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from reglab.errors import SpecError
from reglab.spec import RunSpec

MAX_RUNS = 8
"""How many runs one page shows side by side; beyond that, colours and columns can no longer be told apart."""


@dataclass(frozen=True)
class Address:
    """The runs to show (none: the form), the spec the form starts from, and what could not be read, if anything."""

    runs: tuple[str, ...] = ()
    spec: RunSpec | None = None
    problem: str | None = None


def read(query: Mapping[str, str], check: Callable[[RunSpec], None] = lambda spec: None) -> Address:
    """The address in ``query``; ``spec`` is None where it holds no setting at all.

    ``check`` may refuse more than the spec itself does (names that no registry has) by raising :class:`SpecError`.
    """
    runs = run_ids(query)
    if runs:
        return Address(runs=runs)
    settings = {key: value for key, value in query.items() if "." in key}
    spec, problems = best_effort(settings, check)
    return Address((), spec if settings else None, _problem(problems))


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
    for key, value in settings.items():
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
