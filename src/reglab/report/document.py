"""The content of a report as frozen data: a part for each sweep and one for the runs; the template writes it."""

from __future__ import annotations

from dataclasses import dataclass

from reglab.charts import RunStyle


@dataclass(frozen=True)
class Sentence:
    """One idea of a verdict in Markdown of our own, the rule behind its numbers, and as plain text what it is about."""

    text: str
    rule: str = ""
    about: str = ""


@dataclass(frozen=True)
class Chart:
    """A Plotly figure as JSON, ``height`` pixels high; ``title`` is for screen readers.

    ``condition``: the epoch, images, repeats and rule under which its figures hold.
    """

    key: str
    title: str
    condition: str
    json: str
    height: int


@dataclass(frozen=True)
class Table:
    """Rows of text below a head; the first cell of each row names it."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Listing:
    """A command, spec or script to copy, with what it is; a ``folded`` one is closed at first."""

    about: str
    text: str
    folded: bool = False


@dataclass(frozen=True)
class Part:
    """A sweep, or all runs that are no sweep.

    ``details``, as sentences, are Markdown of our own; everything else is plain text, names that people typed
    included. ``legend`` has the runs of the charts, where the charts do not name them.
    """

    id: str
    title: str
    state: str
    facts: str
    remarks: tuple[str, ...]
    verdict: tuple[Sentence, ...]
    details: tuple[str, ...]
    conditions: tuple[str, ...]
    figures: tuple[Table, ...]
    charts: tuple[Chart, ...]
    legend: tuple[RunStyle, ...]
    methods: str
    settings: tuple[Table | Listing, ...]
    origin: tuple[Table, ...]
    reproduce: tuple[str | Listing, ...]


@dataclass(frozen=True)
class Document:
    """A whole report; ``made`` is when it was made, ``version`` that of RegLab."""

    title: str
    made: str
    version: str
    parts: tuple[Part, ...]
