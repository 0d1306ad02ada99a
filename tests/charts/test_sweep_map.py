"""The map of two axes: winners of rows and columns, lines of equal lr·λ, and the AdamW paper's λ."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest
from tests.charts.sweep_frames import map_table

from reglab import columns
from reglab.charts.sweep_grid import Cells, sweep_grid_chart
from reglab.sweep import SweepSpec

LAMBDAS, RATES = (0.0, 0.01, 0.04, 0.16, 0.64), (1e-3, 4e-3, 1.6e-2)
AXES = SweepSpec.parse({"l2": LAMBDAS, "over": {"optim.lr": RATES}}).axes
TABLE = map_table(LAMBDAS, RATES)


def _trace(figure: go.Figure, uid: str) -> go.Scatter:
    return next(one for one in figure.data if one.uid == uid)


def _cells_of(marks: go.Scatter, figure: go.Figure) -> set[tuple[float, float]]:
    """(λ, lr) of the cells that the marks lie in."""
    own = [Cells(values).centres for values in (LAMBDAS, RATES)]
    found = [(np.abs(own[0] - x).argmin(), np.abs(own[1] - y).argmin()) for x, y in zip(marks.x, marks.y, strict=True)]
    return {(LAMBDAS[x], RATES[y]) for x, y in found}


@pytest.mark.parametrize(
    ("measure", "column", "best"),
    [("accuracy", columns.VAL_ACC, "idxmax"), ("loss", columns.VAL_LOSS, "idxmin")],
)
def test_the_winner_of_each_row_and_column_has_a_mark(measure: str, column: str, best: str) -> None:
    figure = sweep_grid_chart(TABLE, measure=measure, axes=AXES)  # type: ignore[arg-type]
    for uid, name in (("coupled-best-of-its-row", columns.SECOND), ("coupled-best-of-its-column", columns.LAMBDA)):
        rows = TABLE.loc[getattr(TABLE.groupby(name)[column], best)()]
        expected = set(zip(rows[columns.LAMBDA], rows[columns.SECOND], strict=True))
        assert _cells_of(_trace(figure, uid), figure) == expected


def test_what_diverged_or_is_at_chance_wins_nothing() -> None:
    gone = TABLE.assign(**{columns.REGIME: "at chance"})
    figure = sweep_grid_chart(gone, axes=AXES)
    assert not _trace(figure, "coupled-best-of-its-row").x
    diverged = TABLE.assign(**{columns.DIVERGED: (TABLE[columns.LAMBDA] == 0).astype(int)})
    marks = _trace(sweep_grid_chart(diverged, axes=AXES), "coupled-best-of-its-column")
    assert {value for value, _ in _cells_of(marks, figure)} == set(LAMBDAS[1:])


def _log_at(own: Cells, at: float) -> float:
    """log₁₀ of the value at a position among cells of equal ratios."""
    positive = own.centres[[value > 0 for value in own.values]]
    return float(np.interp(at, [positive[0] - 0.5, positive[-1] + 0.5], own.logs[[0, -1]]))


def test_along_a_dotted_line_lr_times_lambda_is_constant() -> None:
    lines = _trace(sweep_grid_chart(TABLE, axes=AXES), "coupled-isolines")
    across, up = (Cells(values) for values in (LAMBDAS, RATES))
    product: list[float] = []
    for x, y in zip(lines.x, lines.y, strict=True):
        if x is None:
            assert np.ptp(product) < 1e-9
            assert product[0] == pytest.approx(round(product[0]))  # a power of ten
            product = []
        else:
            product.append(_log_at(across, x) + _log_at(up, y))


def test_lines_of_equal_products_are_for_lambda_and_learning_rate_alone() -> None:
    other = SweepSpec.parse({"l2": LAMBDAS, "over": {"model.dropout": [0, 0.5]}}).axes
    for figure in (sweep_grid_chart(TABLE, axes=other), sweep_grid_chart(TABLE, axes=AXES, paper=True)):
        assert not [one for one in figure.data if one.uid == "coupled-isolines"]


def test_in_the_paper_s_lambda_points_of_equal_lr_times_lambda_share_a_column() -> None:
    figure = sweep_grid_chart(TABLE, axes=AXES, paper=True)
    [heat] = [one for one in figure.data if one.type == "heatmap"]
    assert figure.layout.xaxis.title.text == "lr·λ (the paper's λ)"
    for column in range(len(heat.z[0])):
        points = [row[column] for row in heat.customdata if row[column]]
        products = [point[1] * point[4] for point in points]
        assert np.allclose(products, products[:1] * len(products), rtol=0.01)
    told = {tuple(point) for row in heat.customdata for point in row if point}
    assert told == {("coupled", *row) for row in TABLE[[*columns.POINT[1:], columns.SECOND]].itertuples(index=False)}


def test_both_axes_and_the_title_are_named() -> None:
    figure = sweep_grid_chart(TABLE, axes=AXES)
    assert figure.layout.title.text.startswith("Validation accuracy over λ₂ and learning rate")
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("λ₂", "Learning rate")
    [heat] = [one for one in figure.data if one.type == "heatmap"]
    assert "<b>λ₂ = 0.04, learning rate = 0.004</b>" in {
        text.partition("<br>")[0] for row in heat.hovertext for text in row
    }
