"""The key of the charts: a sample of each line, and names as text."""

from __future__ import annotations

from reglab.charts.style import STROKES, RunStyle
from reglab.ui.shared.legend import legend_html, sample


def test_a_sample_has_the_colour_and_the_stroke_of_its_line() -> None:
    assert "background:#445bfe" in sample("#445bfe")
    dashed = sample("#445bfe", STROKES[2])  # 12 of ink, 3 of gap, 3 of ink, 3 of gap
    assert "90deg,#445bfe 0px 12px,transparent 12px 15px,#445bfe 15px 18px,transparent 18px 21px" in dashed


def test_names_are_text_not_markup() -> None:
    text = legend_html([RunStyle("a", "<script>1</script>", "#445bfe"), RunStyle("b", "plain", "#fd5b0b", 1)])
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert text.count("display:inline-block") == 2
