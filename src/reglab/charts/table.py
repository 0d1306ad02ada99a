"""The figures of a chart as a table, read from the chart itself: a text alternative, and what a CSV file holds.

Series that share most of their places on the x axis are columns side by side; others, and the cells of a heat map, are
one below the other. Traces with hoverinfo "skip" repeat what others show and are left out. Where a chart draws
something else than its figures, ``meta`` says which they are. Of a trace:

- ``name``: the series, where the legend's name does not tell it from the others
- ``x``, ``y``, ``z``: the figures in place of the trace's own: a list, or the attribute that has them
- ``zero``: the y that stands for 0 on an axis without one
- ``more``: the name of a further column, which is customdata
- ``mark``: true where the trace marks points of another one, and is left out

Of the layout: ``x``, with the places ``at`` on the x axis, the ``values`` that they stand for, and the axis's ``name``.
"""

from __future__ import annotations

import base64
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import unescape
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

SERIES = "series"
"""The column that names the series where they stand one below the other."""

_FILLED = 0.5  # of the cells, above which series stand side by side
_UNRANKED = 1000  # Plotly's rank of a trace without one
_BREAK = re.compile(r"<br\s*/?>")
_TAG = re.compile(r"</?[a-z][^>]*>")

Json = Mapping[str, Any]


class Part(NamedTuple):
    """The figures of one trace: columns ``keys`` of their places, the column ``value``, and those that belong to it."""

    name: str
    keys: tuple[str, ...]
    value: str
    frame: pd.DataFrame


def figure_table(figure: go.Figure | Json) -> pd.DataFrame:
    """The figures that ``figure``, or its parsed JSON, shows; no rows where it shows none.

    Numbers are those that the chart was given: shares of 1, not per cent.
    """
    drawn = _json(figure)
    ranked = sorted(drawn.get("data", ()), key=lambda trace: trace.get("legendrank") or _UNRANKED)
    traces = [Trace(trace, drawn.get("layout", {})) for trace in ranked]
    parts = [part for trace in traces if trace.has_figures and len((part := trace.part()).frame)]
    if not parts:
        return pd.DataFrame()
    parts = _distinct(parts)
    return _side_by_side(parts) if _share_places(parts) else _stacked(parts)


def title_of(figure: go.Figure | Json) -> tuple[str, str]:
    """Title and subtitle of a chart, without markup; either may be empty."""
    title, *rest = _BREAK.split(_text(_json(figure).get("layout", {}).get("title")), maxsplit=1)
    return plain(title), plain(" ".join(rest))


def plain(text: str) -> str:
    """A chart's text without markup, in one line."""
    return " ".join(unescape(_TAG.sub("", _BREAK.sub(" ", text))).split())


@dataclass(frozen=True)
class Trace:
    """One trace of a chart, with the layout that its axes are in."""

    own: Json
    layout: Json

    @cached_property
    def notes(self) -> Json:
        """What ``meta`` says of the trace."""
        meta = self.own.get("meta")
        return meta if isinstance(meta, Mapping) else {}

    @property
    def has_figures(self) -> bool:
        """Whether the trace shows what no other does."""
        return self.own.get("hoverinfo") != "skip" and not self.notes.get("mark")

    @property
    def chart(self) -> str:
        """The chart's title."""
        return title_of({"layout": self.layout})[0] or "value"

    @property
    def name(self) -> str:
        """The series."""
        return plain(str(self.notes.get("name") or self.own.get("name") or "")) or self.chart

    def axis(self, letter: str) -> Json:
        """The x or the y axis of the trace."""
        found: Json = self.layout.get(f"{letter}axis{str(self.own.get(f'{letter}axis') or letter)[1:]}", {})
        return found

    def title(self, letter: str) -> str:
        """The name of the axis; of panels without one, that of the first."""
        meta = self.layout.get("meta")
        if letter == "x" and isinstance(meta, Mapping) and "x" in meta:
            return plain(meta["x"]["name"])
        texts = (_text(axis.get("title")) for axis in (self.axis(letter), self.layout.get(f"{letter}axis", {})))
        return plain(next(filter(None, texts), ""))

    @property
    def lies(self) -> bool:
        """Whether the figures run along x: bars and intervals that lie, and dots whose height means nothing."""
        return self.own.get("orientation") == "h" or self.dots

    @property
    def dots(self) -> bool:
        """Whether the y axis is hidden, and no note says what its places stand for."""
        return self.axis("y").get("visible") is False and "y" not in self.notes

    def values(self, letter: str, size: int = 0) -> list[Any]:
        """The x or y of the trace, or what its notes name in place of it; ``size`` places from start and step."""
        note = self.notes.get(letter)
        found = note if isinstance(note, Sequence) and not isinstance(note, str) else self.own.get(note or letter)
        values = _listed(found)
        if values or note is not None:
            return values
        return [self.own.get(f"{letter}0", 0) + self.own.get(f"d{letter}", 1) * place for place in range(size)]

    def places(self, letter: str, size: int) -> list[Any]:
        """What the places on an axis stand for: values that are noted, or the labels of one that labels each place."""
        places, axis = self.values(letter, size), self.axis(letter)
        meta = self.layout.get("meta")
        if letter == "x" and isinstance(meta, Mapping) and "x" in meta:
            at, values = np.asarray(meta["x"]["at"]), _listed(meta["x"]["values"])
            return [values[int(np.abs(at - one).argmin())] if _is_number(one) else one for one in places]
        labels = dict(zip(_listed(axis.get("tickvals")), _listed(axis.get("ticktext")), strict=False))
        named = [labels[one] for one in places] if labels and all(one in labels for one in places) else places
        return [plain(one) if isinstance(one, str) else one for one in named]

    def part(self) -> Part:
        """Its figures: a row a point, bar or cell that has a value."""
        return self._cells() if self.own.get("type") == "heatmap" else self._points()

    def _points(self) -> Part:
        key, value = ("y", "x") if self.lies else ("x", "y")
        values = [self._zeroed(one) for one in self.values(value)]
        keys = {} if self.dots else {self.title(key) or ("label" if key == "y" else key): self.places(key, len(values))}
        named = self.title(value) or self.chart
        more = {str(self.notes["more"]): _listed(self.own.get("customdata"))} if "more" in self.notes else {}
        columns = {**keys, named: values, **_spread(self.own.get(f"error_{value}") or {}, values, named), **more}
        frame = pd.DataFrame({column: pd.Series(cells) for column, cells in columns.items()})
        if (self.own.get("line") or {}).get("shape") == "hv":
            frame = frame.iloc[:-1]  # the end of the last step
        return Part(self.name, tuple(keys), named, frame[frame[named].notna()].reset_index(drop=True))

    def _zeroed(self, value: Any) -> Any:
        zero = self.notes.get("zero")
        return 0.0 if zero is not None and _is_number(value) and value <= zero * (1 + 1e-6) else value

    def _cells(self) -> Part:
        drawn = _array(self.own.get("z"))
        rows, across = drawn.shape
        x, y = self.places("x", across), self.places("y", rows)
        named = plain(_text((self.own.get("colorbar") or {}).get("title"))) or self.chart
        keys = self.title("y") or "y", self.title("x") or "x"
        places = {keys[0]: np.repeat(np.array(y[:rows], dtype=object), across), keys[1]: x[:across] * rows}
        attribute = self.notes.get("z", "z")
        frame = pd.DataFrame({**places, named: _listed(_array(self.own.get(attribute)).ravel())}).infer_objects()
        known = frame[named].notna() & (attribute == "text" or ~np.isnan(drawn.astype(np.float64)).ravel())
        return Part(self.name, keys, named, frame[known].reset_index(drop=True))


def _spread(bars: Json, values: Sequence[Any], named: str) -> dict[str, list[Any]]:
    """Error bars as a column "±", or, where they are uneven, as their ends "from" and "to"."""
    above, below = _listed(bars.get("array")), _listed(bars.get("arrayminus"))
    if not above or not below:
        return {f"{named} ±": above} if above else {}
    ends = [(value - down, value + up) for value, down, up in zip(values, below, above, strict=True)]
    return {f"{named} from": [low for low, _ in ends], f"{named} to": [high for _, high in ends]}


def _distinct(parts: Sequence[Part]) -> list[Part]:
    """The parts with names of their own: a second "a" is "a (2)"."""
    seen: Counter[str] = Counter()
    found = []
    for part in parts:
        seen[part.name] += 1
        found.append(part._replace(name=f"{part.name} ({seen[part.name]})") if seen[part.name] > 1 else part)
    return found


def _share_places(parts: Sequence[Part]) -> bool:
    """Whether all parts have one key, the same, each place once, and most cells of the table that they would make."""
    keys = {part.keys for part in parts}
    if len(keys) != 1 or len(key := keys.pop()) != 1:
        return False
    places = [part.frame[key[0]] for part in parts]
    whole = len({one for own in places for one in own}) * len(parts)
    return all(own.is_unique for own in places) and sum(map(len, places)) > _FILLED * whole


def _side_by_side(parts: Sequence[Part]) -> pd.DataFrame:
    """A row a place, in the order of numbers or of the first series; a column a series."""
    (key,) = parts[0].keys
    columns = []
    for part in parts:
        names = {name: f"{part.name}{str(name).removeprefix(part.value)}" for name in part.frame if name != key}
        columns.append(part.frame.rename(columns=names).set_index(key))
    order = list(dict.fromkeys(one for own in columns for one in own.index))
    order = sorted(order) if all(map(_is_number, order)) else order
    return pd.concat(columns, axis=1).reindex(order).rename_axis(key).reset_index()


def _stacked(parts: Sequence[Part]) -> pd.DataFrame:
    """A row a point or cell, with its series where there are several and the key does not name them."""
    whole = pd.concat([part.frame.assign(**{SERIES: part.name}) for part in parts], ignore_index=True)
    named = len(parts) == 1 or any(whole[key].equals(whole[SERIES]) for part in parts for key in part.keys)
    return whole[[*([] if named else [SERIES]), *(name for name in whole if name != SERIES)]]


def _json(figure: go.Figure | Json) -> Json:
    found: Json = figure.to_dict() if isinstance(figure, go.Figure) else figure
    return found


def _array(values: Any) -> NDArray[Any]:
    """An array of a figure or of its JSON, where Plotly writes most as base64."""
    if not isinstance(values, Mapping):
        return np.asarray(() if values is None else values)
    flat: NDArray[Any] = np.frombuffer(base64.b64decode(values["bdata"]), dtype=np.dtype(values["dtype"]))
    shape = str(values.get("shape", len(flat)))
    return flat.reshape([int(size) for size in shape.split(",")])


def _listed(values: Any) -> list[Any]:
    """Plain numbers and texts: float32 without the digits that float64 would add, NaN for None."""
    if isinstance(values, list | tuple):
        return [math.nan if one is None else one for one in values]
    array = _array(values)
    found: list[Any] = [float(str(one)) for one in array] if array.dtype == np.float32 else array.tolist()
    return found


def _text(title: Any) -> str:
    return str((title.get("text") if isinstance(title, Mapping) else title) or "")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
