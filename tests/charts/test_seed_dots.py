"""The chart of a claim: a strip a part, a dot a seed, the rule's line; nothing drawn from nothing."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from reglab import columns
from reglab.charts.seed_dots import height_of, seed_dots_chart


def frame(parts: int = 2, seeds: int = 4, log: bool = False) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = []
    for part in range(parts):
        values = rng.uniform(0.1, 1, seeds)
        mean = float("nan") if log else float(values.mean())
        rows += [
            (f"part {part}", value, mean, mean - 0.2, mean + 0.1, "points", log, (0.5,), math.nan) for value in values
        ]
    return pd.DataFrame(rows, columns=list(columns.SEED_COLUMNS))


@pytest.mark.parametrize("nothing", [pd.DataFrame(), frame().iloc[:0]])
def test_an_empty_frame_gives_a_titled_figure_with_a_hint(nothing: pd.DataFrame) -> None:
    made = seed_dots_chart(nothing)
    assert made.layout.title.text
    assert not made.data
    assert len(made.layout.annotations) == 1
    assert height_of(nothing) > 0


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_every_part_has_its_strip_with_a_dot_for_each_seed(parts: int) -> None:
    made = seed_dots_chart(frame(parts))
    dots = [trace for trace in made.data if len(trace.x) == 4]
    assert [trace.xaxis for trace in dots] == ["x", "x2", "x3"][:parts]
    for part, trace in enumerate(dots):
        assert list(trace.x) == list(frame(parts).query("part == @name", local_dict={"name": f"part {part}"}).value)
    assert [note.text for note in made.layout.annotations] == [f"part {part}" for part in range(parts)]
    assert height_of(frame(parts)) == parts * height_of(frame(1))


def test_strips_do_not_overlap() -> None:
    layout = seed_dots_chart(frame(3)).layout
    domains = [layout[f"yaxis{n}"].domain for n in ("", 2, 3)]
    assert all(lower[1] < upper[0] for upper, lower in pairwise(domains))


def test_the_mean_has_its_interval_and_exact_parts_have_none() -> None:
    means = [trace for trace in seed_dots_chart(frame(1)).data if len(trace.x) == 1]
    first = frame(1).iloc[0]
    assert [trace.x[0] for trace in means] == [first[columns.MEAN]]
    assert means[0].error_x.array[0] == pytest.approx(0.1)
    assert means[0].error_x.arrayminus[0] == pytest.approx(0.2)
    assert all(len(trace.x) == 4 for trace in seed_dots_chart(frame(1, log=True)).data)


def test_the_rules_line_is_drawn_and_zero_where_the_axis_has_one() -> None:
    assert [shape.x0 for shape in seed_dots_chart(frame(1)).layout.shapes] == [0, 0.5]
    logarithmic = seed_dots_chart(frame(1, log=True))
    assert [shape.x0 for shape in logarithmic.layout.shapes] == [0.5]
    assert logarithmic.layout.xaxis.type == "log"


def test_equal_bits_are_visible_on_a_logarithmic_axis() -> None:
    values = frame(1, log=True).assign(**{columns.VALUE: 0.0})
    (dots,) = seed_dots_chart(values).data
    assert all(math.isfinite(math.log(x)) for x in dots.x)


def test_text_and_grid_are_left_to_the_theme_and_the_frame_as_it_was() -> None:
    given = frame()
    before = given.copy(deep=True)
    layout = seed_dots_chart(given).layout
    pd.testing.assert_frame_equal(given, before)
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert layout.font.color is layout.xaxis.gridcolor is layout.xaxis.color is None


def test_a_published_figure_is_a_triangle_that_names_it() -> None:
    made = seed_dots_chart(frame(2).assign(**{columns.PUBLISHED: [0.7] * 4 + [math.nan] * 4}))
    (triangle,) = (trace for trace in made.data if trace.marker.symbol == "triangle-down-open")
    assert (list(triangle.x), triangle.xaxis, triangle.hovertext) == ([0.7], "x", "published 0.7 points")


def test_a_long_label_is_wrapped_and_gets_room() -> None:
    long = "Validation accuracy on fresh seeds: best pair minus best single λ"
    figures = frame(2).replace({columns.PART: {"part 1": long}})
    made = seed_dots_chart(figures)
    assert made.layout.annotations[1].text == "Validation accuracy on fresh seeds: best pair<br>minus best single λ"
    assert height_of(figures) == height_of(frame(2)) + 15
    (low, _), (_, high) = made.layout.yaxis.domain, made.layout.yaxis2.domain
    assert 0 < high < made.layout.annotations[1].y < low < 1
