"""Names of runs and sweeps, and the tags, notes and colours that people give to runs: defaults and checks."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from reglab.errors import StoreError
from reglab.number_format import exact
from reglab.spec import RunSpec
from reglab.sweep import LaneSpec, SweepSpec

NAME_LENGTH, TAG_LENGTH, TAGS, NOTE_LENGTH, KEY_LENGTH = 200, 50, 50, 20_000, 200
MOST_COLOURS = 1_000_000  # numbers count on beyond the colours that charts have


def printable(text: str, keep: str = "") -> str:
    """``text`` without what no database or page can take: control characters (but ``keep``) and lone surrogates."""
    return "".join(c for c in text if c in keep or unicodedata.category(c) not in ("Cc", "Cs"))


def checked_name(name: str) -> str:
    """A run's name: one line, 1 to 200 characters."""
    return _checked("name", " ".join(printable(name, keep="\t\n").split()), NAME_LENGTH)


def checked_key(key: str) -> str:
    """An idempotency key: 1 to 200 characters."""
    return _checked("key", printable(key), KEY_LENGTH)


def checked_tags(tags: Iterable[str]) -> list[str]:
    """Tags without blanks around them, each once, in order."""
    if isinstance(tags, str):
        raise StoreError("Tags are a list of words, not one text.")
    cleaned = [" ".join(printable(tag, keep="\t\n").split()) for tag in tags]
    unique = list(dict.fromkeys(_checked("tag", tag, TAG_LENGTH) for tag in cleaned if tag))
    if len(unique) > TAGS:
        raise StoreError(f"A run has at most {TAGS} tags, not {len(unique)}.")
    return unique


def checked_note(note: str) -> str:
    """A note: any lines, at most 20,000 characters."""
    text = printable(note, keep="\t\n")
    if len(text) > NOTE_LENGTH:
        raise StoreError(f"A note has at most {NOTE_LENGTH:,} characters, not {len(text):,}.")
    return text


def checked_colour(number: int | None) -> int | None:
    """The number of a colour, from 0; ``None`` leaves it to λ or to the id."""
    if number is not None and not 0 <= number < MOST_COLOURS:
        raise StoreError(f"The number of a colour is from 0 to {MOST_COLOURS - 1}, not {number}.")
    return number


def _checked(what: str, text: str, longest: int) -> str:
    if not 1 <= len(text) <= longest:
        raise StoreError(f"A {what} has 1 to {longest} characters, not {len(text):,}.")
    return text


def default_name(spec: RunSpec | SweepSpec) -> str:
    """For example "digits · simple_cnn · λ₂ 0.03", or "Sweep · digits · simple_cnn · 9 λ₂ × 3 seeds".

    Other regularizers follow, "… · label smoothing 0.1", where any is on.
    """
    others = (spec if isinstance(spec, RunSpec) else spec.run).regularize.label
    return f"{_default_name(spec)} · {others}" if others else _default_name(spec)


def _default_name(spec: RunSpec | SweepSpec) -> str:
    if isinstance(spec, RunSpec):
        terms = spec.penalty.symbols.items()
        penalty = " ".join(f"{symbol} {exact(value)}" for symbol, value in terms if value) or "λ 0"
        return f"{spec.data.name} · {spec.model.name} · {penalty}"
    parts = [f"{len(spec.points)} (λ₁, λ₂)"] if spec.kind == "grid" else [axis.count_text for axis in spec.axes]
    parts += [f"{len(spec.applies)} modes"] * (len(spec.applies) > 1)
    parts += [f"{spec.repeats} {spec.repeated_over}s"] * (spec.repeats > 1)
    return f"Sweep · {spec.run.data.name} · {spec.run.model.name} · {' × '.join(parts)}"


def names_of_runs(sweep_name: str, spec: SweepSpec) -> list[str]:
    """Names of a sweep's runs; for example "λ₂ 0.03 · seed 1 · my sweep": what differs first, since lists cut ends.

    Seeds are the training's, folds and blocks are numbered from 0, all as in the run's spec.
    """

    def own(lane: LaneSpec) -> str:
        places = [f"{axis.symbol} {exact(value)}" for axis, value in spec.place(lane.point)]
        parts = [(" " if spec.kind == "grid" else ", ").join(places)]
        parts += [lane.apply] * (len(spec.applies) > 1)
        numbers = {"seed": lane.run.train.seed, "block": lane.run.data.block, "fold": lane.run.data.fold}
        parts += [f"{spec.repeated_over} {numbers[spec.repeated_over]}"] * (spec.repeats > 1)
        return " · ".join(parts)

    return [f"{own(lane)} · {sweep_name}"[:NAME_LENGTH] for lane in spec.lanes()]
