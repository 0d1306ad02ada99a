"""The most probable classes of an image under several runs, as bars side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from reglab.charts.base import SMALL, draft, empty, uid_of
from reglab.charts.style import RunStyle, as_text, elided
from reglab.number_format import PERCENT, percent

TOP = 5
"""Classes of a run that are shown."""

MOST = 8
"""Classes in all; their number fixes the height, so that nothing moves from image to image."""

_LONGEST = 20  # letters of a class
_BAR, _LEAST, _AROUND = 14, 26, 130  # pixels of a bar, of a class, and of all else


class Bars(NamedTuple):
    """``classes`` by number, the most probable first; of each run its ``style`` and probabilities (len(classes),)."""

    classes: list[int]
    runs: list[tuple[RunStyle, NDArray[np.float64]]]


def bars_of(probabilities: Mapping[str, NDArray[np.floating]], styles: Mapping[str, RunStyle]) -> Bars:
    """The :data:`TOP` most probable classes of any run, by their largest probability; ``probabilities``: (classes,)."""
    known = {run: np.asarray(own, dtype=np.float64) for run, own in probabilities.items() if run in styles}
    if not known:
        return Bars([], [])
    chosen = {int(number) for own in known.values() for number in np.argsort(-own, kind="stable")[:TOP]}
    largest = np.max(list(known.values()), axis=0)
    classes = sorted(chosen, key=lambda number: (-largest[number], number))[:MOST]
    return Bars(classes, [(styles[run], own[classes]) for run, own in known.items()])


def class_probabilities_chart(
    probabilities: Mapping[str, NDArray[np.floating]],
    styles: Mapping[str, RunStyle],
    *,
    classes: tuple[str, ...],
    true: int | None = None,
) -> go.Figure:
    """A group of bars for each class, the most probable at the top; the ``true`` class is marked."""
    title = "Class probabilities"
    bars = bars_of(probabilities, styles)
    if not bars.classes:
        return empty(title, "", "Draw, upload or pick an image.")
    made = draft(title, f"the {len(bars.classes)} most probable classes", x=f"probability,{PERCENT}")
    shown = {number: as_text(elided(classes[number], _LONGEST)) for number in bars.classes}
    names = [f"<b>{name}</b> (true)" if number == true else name for number, name in shown.items()]
    for style, own in bars.runs:
        made.data.append(
            {
                "type": "bar",
                "orientation": "h",
                "x": (100 * own).tolist(),
                "y": names,
                "name": style.text,
                "uid": uid_of(style.run),
                "marker": {"color": style.colour},
                "text": [percent(share) for share in own.tolist()],
                "textposition": "outside",
                "constraintext": "none",
                "textfont": {"size": SMALL + 1},
                "cliponaxis": False,
                "showlegend": len(bars.runs) > 1,
                "hovertemplate": f"{style.text}<br>%{{y}}: %{{x:.3g}}%<extra></extra>",
            }
        )
    made.update_xaxes(range=[0, 112], tickvals=[0, 25, 50, 75, 100])
    rows = {
        "tickmode": "linear",
        "dtick": 1,
        "range": [len(bars.classes) - 0.5, -0.5],
        "categoryorder": "array",
        "categoryarray": names,
    }
    made.update_yaxes(type="category", **rows, showgrid=False, automargin=True)
    made.update_layout(barmode="group", bargap=0.3, margin={"l": 60})
    return made.figure()


def height_of(runs: int) -> int:
    """Pixels of a chart of so many runs."""
    return _AROUND + MOST * max(_LEAST, _BAR * runs + 8)
