"""Figures as the browser gets them: each is drawn and serialised once for all sessions that show it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from hashlib import blake2b

import plotly.graph_objects as go

from reglab.ui.shared.memo import Memo


@dataclass(frozen=True)
class Drawn:
    """A figure as JSON, and ``version``, equal for equal figures."""

    json: bytes
    version: str


def drawn(figure: go.Figure) -> Drawn:
    """``figure``, serialised."""
    json: bytes = figure.to_json(engine="orjson", remove_uids=False).encode()
    return Drawn(json, blake2b(json, digest_size=8).hexdigest())


def shared_figure(key: Hashable, make: Callable[[], go.Figure]) -> Drawn:
    """The figure that ``make`` draws, unless someone has drawn it; ``key`` names all that it depends on."""
    return FIGURES.get(key, lambda: drawn(make()))


FIGURES: Memo[Drawn] = Memo(most=64 * 2**20, size=lambda figure: len(figure.json))
