"""Presentations as data: which slides there are, what they say, what the browser gets."""

from __future__ import annotations

import itertools
import math
import re
from base64 import b64decode
from dataclasses import replace
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import orjson
import plotly.graph_objects as go
import pytest
import segno
import streamlit as st
from hypothesis import example, given, settings
from hypothesis import strategies as some
from tests.factories import add_run, metrics, spec
from tests.live.qr_reading import Modules, read
from tests.ui.sweeps import U_CURVE, view_of

from reglab import columns
from reglab.content.epoch_view import EpochView
from reglab.content.verdict_text import verdict_text
from reglab.store import Run, Store
from reglab.ui.present import query, stage
from reglab.ui.present.link import LONGEST, link_slide
from reglab.ui.present.slide import LABELS, Chart, Slide, deck, replay, replayed_epochs
from reglab.ui.shared.memo import drawn
from reglab.ui.sweep import slides as of_sweep
from reglab.ui.train import slides as of_run


@given(some.integers(0, 10_000), some.integers(2, 200))
def test_a_replay_goes_from_the_first_epoch_to_the_last_one_in_even_steps(last: int, most: int) -> None:
    epochs = replayed_epochs(last, most)
    assert len(epochs) == min(last, most)
    assert list(epochs) == sorted(set(epochs))
    assert not epochs or (epochs[0], epochs[-1]) == (1, last)
    steps = [later - earlier for earlier, later in itertools.pairwise(epochs)]
    assert not steps or max(steps) - min(steps) <= 1


def test_a_replay_has_the_figure_after_each_epoch_and_needs_two() -> None:
    def after(epoch: int) -> go.Figure:
        return go.Figure(layout={"title": {"text": f"after {epoch}"}})

    found = replay("a test", 3, after)
    assert found is not None
    assert found.epochs == (1, 2, 3)
    titles = [frame["layout"]["title"]["text"] for frame in orjson.loads(found.frames)]
    assert titles == ["after 1", "after 2", "after 3"]
    assert replay("a test", 1, after) is None


def test_the_question_comes_first_and_absent_slides_are_left_out() -> None:
    made = deck("Why?", "Digits", [None, Slide("verdict", ("Because.",)), None])
    assert [slide.step for slide in made.slides] == ["question", "verdict"]


def test_the_link_is_a_qr_code_of_the_public_address() -> None:
    slide = link_slide("https://lab.example.com/reglab", "sweep", {"sweep": "s1&<b>", "measure": "loss"})
    assert slide is not None
    address = "https://lab.example.com/reglab/sweep?sweep=s1%26%3Cb%3E&measure=loss"
    assert address.replace("&", "&amp;") in slide.picture
    (source,) = re.findall(r'src="([^"]+)"', slide.picture)
    drawing = ElementTree.fromstring(_decoded(source))
    assert read(modules_of(drawing)) == address
    colours = [value for part in drawing.iter() for key in ("fill", "stroke") if (value := part.get(key))]
    assert colours == ["#fff", "#000"]


def modules_of(drawing: ElementTree.Element) -> Modules:
    """What the dark strokes of the picture cover, within its quiet zone: "M4 4.5h7m1 0h5…"."""
    (stroke,) = [own for part in drawing.iter() if part.get("stroke") and (own := part.get("d"))]
    x, y, dark = 0.0, 0.0, set()
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", stroke):
        across, *down = map(float, re.findall(r"-?[\d.]+", numbers))
        if command == "h":
            dark |= {(math.floor(y), int(x) + step) for step in range(int(across))}
        x, y = (across, down[0]) if command == "M" else (x + across, y + (down[0] if down else 0.0))
    size = max(map(max, dark)) - 3
    return np.array([[(row + 4, column + 4) in dark for column in range(size)] for row in range(size)])


@given(some.text(some.characters(min_codepoint=33, max_codepoint=126), min_size=20, max_size=600))
@example("~" * 600)
@settings(max_examples=10)
def test_any_address_that_is_shown_is_read_from_its_code(address: str) -> None:
    code = np.array([list(map(bool, row)) for row in segno.make_qr(address.lower() + "~", error="m").matrix])
    assert read(code) == address.lower() + "~"


def test_a_reader_notices_one_wrong_module() -> None:
    code = np.array([list(map(bool, row)) for row in segno.make_qr("https://lab.example.com", error="m").matrix])
    code[-1, -1] ^= True
    with pytest.raises(AssertionError, match="a module is wrong"):
        read(code)


def _decoded(source: str) -> str:
    head, _, body = source.replace("&amp;", "&").partition(",")
    assert head.startswith("data:image/svg+xml")
    return b64decode(body).decode() if head.endswith("base64") else unquote(body)


@pytest.mark.parametrize(("url", "length"), [(None, 10), ("https://a.b", LONGEST)])
def test_without_an_address_or_with_one_too_long_to_scan_there_is_no_qr_code(url: str | None, length: int) -> None:
    assert link_slide(url, "compare", {"runs": "x" * length}) is None


def test_a_sweep_is_presented_with_the_first_lines_of_its_verdict_and_its_warnings() -> None:
    view = view_of(U_CURVE)
    lines, shown = [line.text for line in verdict_text(view)], of_sweep.verdict(view)
    assert shown[:2] == tuple(lines[:2])
    assert [line for line in lines if line.startswith("**Early stopping")] == [*shown[2:3]]
    assert set(shown) <= set(lines)
    edge = view_of([[0.1, 0.2, 0.3, 0.9]] * 3)
    assert any("largest in this sweep" in line for line in of_sweep.verdict(edge))


def test_a_sweep_forms_to_the_chart_of_its_verdict_in_twenty_frames() -> None:
    view, asked = replace(view_of(U_CURVE), source="forming"), list[int]()

    def at(epoch: int) -> EpochView:
        asked.append(epoch)
        return view

    slide = of_sweep.forming(view, at)
    assert slide is not None
    assert slide.replay is not None
    assert slide.chart is not None
    assert list(slide.replay.epochs) == asked
    assert (asked[0], asked[-1], len(asked)) == (1, 60, 20)
    assert orjson.loads(slide.replay.frames)[-1] == orjson.loads(slide.chart.figure.json)
    assert not slide.replay.steady  # a first loss is far above the axis of the last
    assert of_sweep.forming(replace(view, epoch=1), at) is None


def test_a_sweep_asks_for_its_axes() -> None:
    assert of_sweep.question(view_of(U_CURVE)) == "Which λ₂ is best?"
    assert of_sweep.question(view_of([[0.5, 0.6]], over_={"model.dropout": [0.0, 0.5]}, lambdas=[])).startswith(
        "Which "
    )


def test_memorised_labels_of_a_sweep_are_those_without_a_penalty_and_at_the_best() -> None:
    view = view_of(U_CURVE)
    shares = {0.0: 0.84, 0.01: 0.5, 0.1: 0.12, 1.0: 0.0}
    table = view.table.assign(**{columns.FLIPPED_ACC: view.table[columns.LAMBDA].map(shares)})
    judgement = view.judgement
    rule = replace(judgement.by_rule[view.rule], table=table)
    noisy = replace(view, judgement=replace(judgement, by_rule={**judgement.by_rule, view.rule: rule}))
    assert of_sweep.memorised_text(noisy) == (
        "Wrong training labels memorised: **84\N{NARROW NO-BREAK SPACE}%** at λ₂ = 0, "
        "**12\N{NARROW NO-BREAK SPACE}%** at λ₂ = 0.1, the best."
    )


@pytest.fixture
def run(store: Store) -> Run:
    done = [metrics(epoch, flipped_acc=0.1 * epoch) for epoch in range(1, 7)]
    return add_run(store, spec(penalty__l2=0.03, data__label_noise=0.2, train__epochs=6), epochs=done)


def test_a_run_asks_whether_its_penalty_helps(run: Run, store: Store) -> None:
    assert of_run.question([run]) == "Does λ₂ = 0.03 keep this network from overfitting?"
    plain = add_run(store, spec(penalty__l2=0.0))
    assert of_run.question([plain]) == "Does this network overfit?"
    assert of_run.question([run, add_run(store, run.spec.with_changes({"penalty.l2": 0.1}))]) == (
        "What does the penalty change?"
    )
    assert of_run.question([run, plain]) == "What tells these runs apart?"


def test_the_browser_gets_the_steps_the_titles_of_the_link_and_each_replay_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parameters = {query.TITLE: "  <b>My</b>\n title ", query.SUBTITLE: ""}
    monkeypatch.setattr(st, "query_params", parameters)
    found = replay("another test", 2, lambda epoch: go.Figure())
    chart = Chart("present-curves", drawn(go.Figure()), "Loss")
    sent = orjson.loads(stage.message(deck("Why?", "Digits", [Slide("curves", chart=chart, replay=found)])))
    assert [step["step"] for step in sent["steps"]] == ["question", "curves"]
    assert [step["label"] for step in sent["steps"]] == [LABELS["question"], LABELS["curves"]]
    assert (sent["title"], sent["subtitle"]) == ("<b>My</b> title", "Digits")
    (replayed,) = sent["replays"]
    assert (replayed["chart"], replayed["epochs"], len(replayed["frames"])) == ("present-curves", [1, 2], 2)


def test_a_title_is_cut_off() -> None:
    class Link(dict[str, str]):
        pass

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(st, "query_params", Link(title="x" * 999))
        assert query.own_text("title", "") == "x" * query.LONGEST
