"""The charts of a sweep over λ: bands, marks, edges, colours."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.charts.sweep_frames import (
    NINE,
    lane_epochs,
    lane_frame,
    points,
    sweep_table,
    texts,
    trace,
)

from reglab import columns
from reglab.analysis import judged_table
from reglab.charts.lambda_axis import LambdaAxis
from reglab.charts.style import GREY, colour_of, rgba
from reglab.charts.sweep import Beside, sweep_chart
from reglab.charts.sweep_gap import sweep_gap_chart
from reglab.charts.sweep_memorised import sweep_memorised_chart
from reglab.charts.sweep_points import BAND, points_of
from reglab.charts.sweep_range import range_of
from reglab.charts.sweep_regimes import NARROW, Zone, with_text

AXIS = LambdaAxis.of(NINE)
TWO = ("coupled", "decoupled")


def marked(table: pd.DataFrame, best: int, one_se: int) -> pd.DataFrame:
    return table.assign(**{columns.BEST: table.index == best, columns.ONE_SE: table.index == one_se})


def test_validation_is_solid_with_bars_and_training_dashed_and_both_are_coloured_by_lambda() -> None:
    table = sweep_table()
    figure = sweep_chart(table)
    for role, column, dash in (("val", columns.VAL_ACC, "solid"), ("train", columns.TRAIN_ACC, "5px,3px")):
        line = trace(figure, f"coupled-{role}")
        kept = points(line)
        assert np.allclose(line.x[kept], AXIS.at(NINE))
        assert np.allclose(line.y[kept], table[column].to_numpy(np.float32))
        assert [colour for colour, is_one in zip(line.marker.color, kept, strict=True) if is_one] == [
            colour_of(value) for value in NINE
        ]
        assert (line.line.color, line.line.dash) == (GREY, dash)
    bars = trace(figure, "coupled-val").error_y.array
    assert np.allclose(bars[kept], table[columns.VAL_ACC + columns.SE].to_numpy(np.float32))
    assert trace(figure, "coupled-train").error_y.array is None


def test_the_line_pauses_at_the_break() -> None:
    line = trace(sweep_chart(sweep_table()), "coupled-val")
    assert np.flatnonzero(np.isnan(line.y)).tolist() == [1]
    assert line.x[1] == pytest.approx(AXIS.break_at)
    assert not np.isnan(trace(sweep_chart(sweep_table(NINE[1:])), "coupled-val").y).any()


def test_the_band_is_the_mean_plus_and_minus_one_standard_error() -> None:
    table = sweep_table()
    band = trace(sweep_chart(table), "coupled-band")
    above_zero = table[table[columns.LAMBDA] > 0]
    mean, error = (above_zero[name].to_numpy(float) for name in (columns.VAL_ACC, columns.VAL_ACC + columns.SE))
    assert np.allclose(band.y, [*(mean + error), *(mean - error)[::-1]])
    assert np.allclose(band.x, [*AXIS.at(NINE[1:]), *AXIS.at(NINE[1:])[::-1]])
    scale = band.fillgradient
    assert (scale.start, scale.stop) == pytest.approx(AXIS.ends)
    assert [scale.colorscale[i][1] for i in (0, -1)] == [rgba(colour_of(value), BAND) for value in (1e-4, 1e-1)]


def test_one_run_a_lambda_has_neither_band_nor_bars() -> None:
    figure = sweep_chart(sweep_table(repeats=1))
    assert not [one for one in figure.data if one.uid.endswith("band")]
    assert trace(figure, "coupled-val").error_y.array is None
    assert "one run" in trace(figure, "coupled-val").hovertext[0]


def test_a_gap_in_the_sweep_splits_the_band() -> None:
    table = sweep_table()
    table.loc[4, [columns.VAL_ACC, columns.TRAIN_ACC]] = np.nan
    band = trace(sweep_chart(table), "coupled-band")
    assert np.isnan(band.y).sum() == 1
    assert np.isnan(trace(sweep_chart(table), "coupled-val").y).sum() == 2


def test_best_and_one_se_have_a_ring_a_square_and_texts() -> None:
    table = marked(sweep_table(), best=6, one_se=7)
    figure = sweep_chart(table)
    for uid, row, symbol in (("best", 6, "circle-open"), ("1-SE", 7, "square-open")):
        mark = trace(figure, uid)
        assert mark.marker.symbol == symbol
        assert (mark.x[0], mark.y[0]) == pytest.approx((np.log10(NINE[row]), table[columns.VAL_ACC][row]))
    assert {"<b>best 0.03</b>", "1-SE 0.05"} <= set(texts(figure))


def test_another_epoch_is_a_thin_line_of_hollow_points_and_early_stopping_alone_a_line_across() -> None:
    table = sweep_table()
    other = table.assign(**{columns.VAL_LOSS: 0.5 * table[columns.VAL_LOSS]})
    look: dict[str, Any] = {"measure": "loss", "name": "validation, last epoch", "rival": 0.21}
    figure = sweep_chart(table, beside=Beside("best epoch", other), **look)
    line = trace(figure, "coupled-beside")
    assert np.allclose(line.y[points(line)], other[columns.VAL_LOSS].to_numpy(np.float32))
    assert (line.name, line.marker.symbol) == ("validation, best epoch", "circle-open")
    assert trace(figure, "coupled-val").name == "validation, last epoch"
    rival = trace(figure, "rival")
    assert (rival.name, tuple(rival.y), tuple(rival.x)) == ("early stopping alone 0.210", (0.21, 0.21), AXIS.range)
    assert trace(sweep_chart(table, rival=0.91), "rival").name == "early stopping alone 91.0\u202f%"


def test_two_modes_have_no_room_for_another_epoch_but_for_early_stopping_alone() -> None:
    table = sweep_table(applies=TWO)
    figure = sweep_chart(table, beside=Beside("best epoch", table), rival=0.91)
    assert not [one for one in figure.data if one.uid.endswith("beside")]
    assert trace(figure, "rival").showlegend is not False


def test_a_rival_beyond_the_axis_is_not_drawn() -> None:
    assert not [one for one in sweep_chart(sweep_table(), rival=0.1).data if one.uid == "rival"]


def test_one_label_where_both_are_the_same_point_and_none_before_there_is_one() -> None:
    figure = sweep_chart(marked(sweep_table(), best=6, one_se=6))
    assert [text for text in texts(figure) if "best" in text or "SE" in text] == ["<b>best and 1-SE 0.03</b>"]
    none = sweep_chart(marked(sweep_table(), best=-1, one_se=-1))
    assert not [text for text in texts(none) if "best" in text or "SE" in text]
    assert not [one for one in none.data if one.uid in ("best", "1-SE")]


def test_of_two_modes_the_better_one_has_the_texts() -> None:
    table = sweep_table(applies=TWO)
    table.loc[[6, 15], columns.VAL_ACC] = [0.92, 0.94]
    chosen = {columns.BEST: table.index.isin([6, 15]), columns.ONE_SE: table.index.isin([7, 16])}
    figure = sweep_chart(table.assign(**chosen))
    assert {"<b>best 0.03, decoupled</b>", "1-SE 0.05"} <= set(texts(figure))
    assert len([text for text in texts(figure) if "best" in text or "SE" in text]) == 2
    assert len(trace(figure, "best").x) == len(trace(figure, "1-SE").x) == 2
    both = sweep_chart(table.assign(**chosen | {columns.ONE_SE: chosen[columns.BEST]}))
    assert [text for text in texts(both) if "best" in text or "SE" in text] == ["<b>best 0.03, decoupled</b>"]


def spans_of(notes: list[Any], width: float) -> list[tuple[float, float]]:
    """From which to which pixel each note reaches where the plot is so wide, from left to right."""
    spans = []
    for note in notes:
        share = note.x if note.xref == "paper" else (note.x - AXIS.range[0]) / (AXIS.range[1] - AXIS.range[0])
        at, letters = share * width + (note.xshift or 0), 5.5 * len(note.text.replace("<b>", "").replace("</b>", ""))
        start = at - letters * {"left": 0, "center": 0.5, "right": 1}[note.xanchor]
        spans.append((start, start + letters))
    return sorted(spans)


@pytest.mark.parametrize("steps", [0, 1, 2, 5, 8])
def test_the_texts_of_the_marks_never_meet_nor_leave_the_plot(steps: int) -> None:
    for best in range(9):
        figure = sweep_chart(marked(sweep_table(), best, min(best + steps, 8)))
        notes = [note for note in figure.layout.annotations if "best" in note.text or "SE" in note.text]
        for width in (220, 320, 900):
            spans = spans_of(notes, width)
            assert all(start >= -10 and end <= width + 10 for start, end in spans)
            assert all(before[1] <= after[0] for before, after in pairwise(spans))


REGIME_OF = {label: name for name, label in columns.REGIME_LABELS.items()}


def zones_of(**shares: float) -> list[Zone]:
    """Zones side by side from the left edge, of such widths."""
    ends = np.append(0, np.cumsum(list(shares.values()))).round(9)
    return [Zone(name, left, right) for name, (left, right) in zip(shares, pairwise(ends), strict=True)]


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ({"overfits": 0.4, "fits": 0.3, "underfits": 0.3}, ["overfits", "fits", "underfits"]),
        ({"overfits": 0.84, "fits": 0.08, "underfits": 0.08}, ["overfits", "underfits"]),
        ({"overfits": 0.09, "fits": 0.82, "underfits": 0.09}, ["overfits", "fits", "underfits"]),
        ({"overfits": 0.02, "fits": 0.96, "underfits": 0.02}, ["fits"]),
        ({"fits": 0.07, "overfits": 0.07, "underfits": 0.86}, ["underfits"]),
        ({"overfits": 0.92, "underfits": 0.08}, ["overfits", "underfits"]),
        ({"fits": 1.0}, ["fits"]),
        ({"overfits": 0.5, "underfits": 0.4, "diverged": 0.1}, ["overfits", "underfits", "diverged"]),
        ({}, []),
    ],
)
def test_labels_are_below_their_zone_or_left_out(shares: dict[str, float], words: list[str]) -> None:
    zones = zones_of(**shares)
    worded = with_text(zones)
    assert [zone.name for zone in worded] == words
    assert "fits" not in {zone.label for zone in worded}
    for width in (NARROW, 400, 800):
        spans = []
        for zone in worded:
            at = zone.place["x"] * width + zone.place.get("xshift", 0)
            start = at - zone.pixels * {"left": 0, "center": 0.5, "right": 1}[zone.place["xanchor"]]
            middle = (start + zone.pixels / 2) / width
            assert zone.left - 1e-9 <= middle <= zone.right + 1e-9
            assert -10 < start < start + zone.pixels < width + 10  # the margin to the right has 12 pixels
            spans.append((start, start + zone.pixels))
        assert all(before[1] < after[0] for before, after in pairwise(spans))


@pytest.mark.parametrize("upto", range(9))
@pytest.mark.parametrize("fitting", range(4))
def test_no_label_is_in_the_zone_of_another_regime(upto: int, fitting: int) -> None:
    regimes = np.array(["overfits"] * upto + ["fits"] * fitting + ["underfits"] * 9)[:9]
    figure = sweep_chart(sweep_table().assign(**{columns.REGIME: regimes}))
    low, high = AXIS.range
    for note in figure.layout.annotations:
        if note.text in REGIME_OF and note.xanchor == "center":
            nearest = int(np.argmin(abs(AXIS.at(NINE) - (low + note.x * (high - low)))))
            assert regimes[nearest] == REGIME_OF[note.text]


def test_without_any_regime_the_axis_keeps_its_name() -> None:
    none = sweep_table().assign(**{columns.REGIME: pd.array([None] * 9, dtype="str")})
    figure = sweep_chart(none)
    assert figure.layout.xaxis.title.text == "λ₂"
    assert not [note for note in figure.layout.annotations if note.text in REGIME_OF]


def test_a_collapsed_point_is_an_arrow_at_the_edge_and_the_bend_has_the_axis() -> None:
    table = sweep_table()
    figure = sweep_chart(table, chance=0.1)
    low, high = figure.layout.yaxis.range
    assert 0.6 < low <= 0.7
    assert 1 < high < 1.05
    arrow = trace(figure, "coupled-outside")
    assert (arrow.marker.symbol, arrow.text) == ("triangle-down", (f"{100 * table[columns.VAL_ACC].iloc[-1]:.0f} %",))
    assert low < arrow.y[0] < low + 0.05
    assert arrow.customdata == (["coupled", 0.1, 0.0, 0.1],)
    up = trace(sweep_chart(sweep_table(), measure="loss"), "coupled-outside")
    assert (up.marker.symbol, up.text) == ("triangle-up", ("2.3",))


def test_values_at_the_edge_that_would_overprint_are_written_as_one() -> None:
    table = sweep_table(applies=TWO)
    for row, value in ((0, 0.12), (8, 0.1), (16, 0.15), (17, 0.18)):
        table.loc[row, [columns.VAL_ACC, columns.TRAIN_ACC]] = value
    figure = sweep_chart(table, chance=0.1)
    written = [(x, text) for mode in TWO for one in [trace(figure, f"{mode}-outside")]
               for x, text in zip(one.x, one.text, strict=True) if text]  # fmt: skip
    assert sorted(text for _, text in written) == ["10–18 %", "12 %"]
    assert "15 %" in " ".join(trace(figure, "decoupled-outside").hovertext)


def test_subtitles_say_that_training_labels_are_partly_wrong() -> None:
    noisy = sweep_table()
    clean = noisy.assign(**dict.fromkeys(columns.MEMORY, np.nan))
    for draw in (sweep_chart, sweep_gap_chart):
        assert "training labels partly wrong" in draw(noisy).layout.title.text
        assert "wrong" not in draw(clean).layout.title.text
        assert "wrong" not in draw(noisy.drop(columns=list(columns.MEMORY))).layout.title.text


@pytest.mark.parametrize(("gap", "form"), [(0.3, ".0%"), (0.08, ".0%"), (0.03, ".1%"), (0.004, ".2%")])
def test_ticks_of_a_small_gap_have_decimals(gap: float, form: str) -> None:
    table = sweep_table(repeats=1).assign(**{columns.GAP_ACC: gap})
    assert sweep_gap_chart(table).layout.yaxis.tickformat == form


def test_a_diverged_point_is_a_cross_at_the_edge_that_says_so() -> None:
    table = sweep_table()
    table.loc[8, list(columns.METRICS)] = np.nan
    table.loc[8, [columns.N, columns.DIVERGED]] = [0, 3]
    figure = sweep_chart(table)
    cross = trace(figure, "coupled-diverged")
    assert cross.marker.symbol == "x"
    assert cross.x.tolist() == AXIS.at([0.1]).tolist()
    assert "diverged: 3 of 3 runs" in cross.hovertext[0]
    assert abs(cross.y[0] - figure.layout.yaxis.range[0]) < 0.05


def test_the_axes_stand_still_while_the_curve_grows() -> None:
    figures = []
    for progress in np.linspace(0.92, 1, 9):  # of the last accuracies
        table = sweep_table()
        table[[columns.VAL_ACC, columns.TRAIN_ACC]] *= progress
        figures.append(sweep_chart(table, chance=0.1).layout)
    assert len({layout.xaxis.range for layout in figures}) == 1
    assert len({layout.yaxis.range for layout in figures}) == 1


def accuracy_floor(table: pd.DataFrame, chance: float | None = None) -> float:
    return range_of(points_of(table, AXIS, (columns.VAL_ACC, columns.TRAIN_ACC)), "accuracy", chance).low


def test_the_accuracy_axis_takes_coarse_steps() -> None:
    for scale, floor in ((0.2, 0.0), (0.5, 0.3), (0.8, 0.5), (1.0, 0.7)):
        table = sweep_table()
        table[[columns.VAL_ACC, columns.TRAIN_ACC]] *= scale
        assert accuracy_floor(table) == floor


def test_the_line_of_guessing_is_shown_where_the_axis_reaches_it() -> None:
    low = sweep_table()
    low[[columns.VAL_ACC, columns.TRAIN_ACC]] *= 0.3
    assert "guessing: 10 %" in texts(sweep_chart(low, chance=0.1))
    assert "guessing: 10 %" not in texts(sweep_chart(sweep_table(), chance=0.1))


@pytest.mark.parametrize("best", [0.14, 0.19, 0.2])
def test_a_sweep_at_or_below_guessing_is_drawn_with_its_regime(best: float) -> None:
    table = sweep_table()
    table[[columns.BEST, columns.ONE_SE]] = False
    table[columns.REGIME] = "at chance"
    table[[columns.VAL_ACC, columns.TRAIN_ACC]] = best
    assert accuracy_floor(table, 0.19) == 0
    figure = sweep_chart(table, chance=0.19)
    assert {"at chance", "guessing: 19 %"} <= set(texts(figure))


def test_regimes_are_labels_below_the_axis_and_a_faint_background() -> None:
    figure = sweep_chart(sweep_table())
    named = [note for note in figure.layout.annotations if note.text in REGIME_OF]
    words, upright = [note for note in named if not note.textangle], [note for note in named if note.textangle]
    assert [note.text for note in words] == ["overfits", "underfits"]
    assert [note.x for note in words] == sorted(note.x for note in words)
    assert [(note.text, note.textangle) for note in upright] == [("well regularised", -90)]  # no room below the axis
    assert words[0].x < upright[0].x < words[1].x
    (ground,) = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    assert AXIS.at([3e-3])[0] < ground.x0 < AXIS.at([1e-2])[0]
    assert AXIS.at([3e-2])[0] < ground.x1 < AXIS.at([5e-2])[0]
    assert not [shape for shape in sweep_chart(sweep_table(applies=TWO)).layout.shapes if shape.type == "rect"]


def test_two_ways_differ_in_symbol_and_stroke_and_are_named() -> None:
    figure = sweep_chart(sweep_table(applies=TWO))
    assert [one.name for one in figure.data if one.showlegend is not False] == list(TWO)
    one, other = (trace(figure, f"{apply}-val") for apply in TWO)
    assert one.marker.symbol != other.marker.symbol
    assert one.line.dash != other.line.dash
    assert "decoupled" in other.hovertext[0]
    alone = sweep_chart(sweep_table())
    assert {one.name for one in alone.data if one.showlegend} == {"validation", "training"}


def test_hovering_tells_lambda_mean_error_and_repeats() -> None:
    table = sweep_table()
    table.loc[6, [columns.VAL_ACC, columns.VAL_ACC + columns.SE]] = [0.9234, 0.0081]
    line = trace(sweep_chart(table), "coupled-val")
    assert line.hovertext[7] == "<b>λ₂ = 0.03</b><br>validation 92.3 ± 0.8 %<br>mean of 3 runs"


def test_the_charts_take_what_the_analysis_gives() -> None:
    lanes = lane_frame(applies=TWO)
    table = judged_table(lanes, lane_epochs(lanes, 20))
    figure = sweep_chart(table, measure="loss")
    line = trace(figure, "decoupled-val")
    rows = table[table[columns.APPLY] == "decoupled"]
    assert np.allclose(line.y[points(line)], rows[columns.VAL_LOSS].to_numpy(np.float32))
    assert len(trace(figure, "best").x) == 2
    assert sweep_gap_chart(table).data
    assert sweep_memorised_chart(table).data
