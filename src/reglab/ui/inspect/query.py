"""What a link of the Inspect page names: the run, the view and its switches, ``?run=ID&view=layers&at=best``.

Links are typed, shared and edited by hand, so a bad value costs itself alone: it gets its default and a sentence. What
is at its default is not in a link. Pure functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args, get_type_hints

from reglab.errors import shown

View = Literal["weights", "layers", "filters", "errors", "image", "environment"]
Show = Literal["heat", "ridge", "epoch"]
At = Literal["last", "best"]
Scale = Literal["common", "own"]
Kind = Literal["confident", "loss", "classes", "memorised"]
Source = Literal["pick", "draw", "upload"]

RUN, _SEVERAL = "run", "runs"
MOST_BESIDE = 7
"""Runs that predict beside the one that is inspected, at most."""

_LONGEST = 200  # characters of a layer's name in a link
_MOST_EPOCHS = 10**7


@dataclass(frozen=True)
class ViewState:
    """The view and its switches. ``layer`` is None for all layers, ``epoch`` None for the newest.

    ``at``: at the last epoch, or at that of the lowest validation loss. ``image`` is the number of a validation image,
    from 1 (None); ``beside`` are the ids of other runs that predict, separated by commas.
    """

    view: View = "weights"
    show: Show = "heat"
    layer: str | None = None
    epoch: int | None = None
    at: At = "last"
    scale: Scale = "common"
    errors: Kind = "confident"
    source: Source = "pick"
    image: int | None = None
    beside: str | None = None


DEFAULT = ViewState()
SWITCHES: tuple[str, ...] = tuple(field.name for field in fields(ViewState))
OWN = frozenset({RUN, *SWITCHES})


@dataclass(frozen=True)
class Link:
    """The run that a link names, if any, its view state, and a sentence on what could not be read."""

    run: str | None = None
    view: ViewState = DEFAULT
    problem: str | None = None


def read(query: Mapping[str, str], repeated: Sequence[str] = ()) -> Link:
    """What ``query`` asks for; ``repeated``: sentences on parameters that are set twice.

    Without ``run`` it is the first of ``runs``, which Back from Compare leaves: the browser first adds the parameters
    of the page that it goes to.
    """
    values: dict[str, Any] = {}
    problems = list(repeated)
    for name in SWITCHES:
        if name not in query:
            continue
        value = _READERS[name](query[name])
        if value is None:
            problems.append(f"{name} cannot be {shown(query[name])}; the default is used.")
        else:
            values[name] = value
    run = query.get(RUN, "").strip() or query.get(_SEVERAL, "").partition(",")[0].strip() or None
    return Link(run, normal(ViewState(**values)), " ".join(problems) or None)


def normal(view: ViewState) -> ViewState:
    """``view`` without an epoch where no chart has a slider, and without an image where none or the first is picked."""
    epoch = view.epoch if view.show == "epoch" else None
    image = view.image if view.source == "pick" and view.image and view.image > 1 else None
    return replace(view, epoch=epoch, image=image)


def link_of(run: str, view: ViewState) -> dict[str, str]:
    """The query of this view of a run."""
    usual = asdict(DEFAULT)
    return {RUN: run, **{name: str(value) for name, value in asdict(view).items() if value != usual[name]}}


def _one_of(options: Sequence[str]) -> Callable[[str], str | None]:
    return lambda text: text if text in options else None


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= 8 and int(text) <= _MOST_EPOCHS else None


def _runs(text: str) -> str | None:
    """The run ids in ``text``, each once, separated by commas; None for none or too many."""
    names = dict.fromkeys(name.strip() for name in text[: 2 * _LONGEST].split(",") if name.strip())
    return ",".join(names) if 0 < len(names) <= MOST_BESIDE else None


def _name(text: str) -> str | None:
    return text if 0 < len(text) <= _LONGEST else None


_HINTS = get_type_hints(ViewState)
_READERS: Mapping[str, Callable[[str], Any]] = {
    **{name: _one_of(get_args(_HINTS[name])) for name in ("view", "show", "at", "scale", "errors", "source")},
    "layer": _name,
    "epoch": _number,
    "image": _number,
    "beside": _runs,
}
