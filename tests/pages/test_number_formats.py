"""Every number on every page, in every chart and on the command line is written as the glossary has it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Dataframe
from tests.factories import add_run, add_sweep, metrics, spec
from tests.number_scan import texts_of, wrong_numbers

from reglab.cli.output import Output
from reglab.events import Checkpoint, EpochDone, EpochMetrics
from reglab.store import Ending, Store
from reglab.store.run_filter import DEMO_GROUPS
from reglab.sweep import LaneSpec, SweepSpec
from reglab.ui.learn.page import SECTIONS
from reglab.ui.shared import live_chart
from reglab.ui.train.demo import demo_specs

Figures = Callable[[LaneSpec, int], EpochMetrics]
_NO_TEXT = frozenset({"id", "body_html", "bytes", "arrow_data", "json_args", "icon", "user_key", "format"})
_FORMULAS = ("latex", "code", "html", "bidi_component")  # elements

ODD = {"gap_acc": -0.00004, "gap_loss": -0.00004, "val_acc": 0.78345, "l1": 1e-5}
"""Figures whose zeros have a sign, and whose decimals are many."""


def page() -> None:
    """The page that the test asks for, without the frame."""
    import streamlit as st

    from reglab.ui.inspect.page import inspect_page
    from reglab.ui.learn.page import learn_page
    from reglab.ui.runs.page import runs_page
    from reglab.ui.sweep.page import sweep_page
    from reglab.ui.train.page import train_page

    pages = {"train": train_page, "path": sweep_page, "runs": runs_page, "learn": learn_page, "inspect": inspect_page}
    pages[st.session_state["which"]]()


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The messages of all charts that are drawn."""
    sent: list[bytes] = []
    real = live_chart.message

    def recording(*figure: Any, **facts: Any) -> bytes:
        sent.append(made := real(*figure, **facts))
        return made

    monkeypatch.setattr(live_chart, "message", recording)
    return sent


def wrong_on(app: AppTest, which: str, **query: str) -> list[str]:
    """The wrong numbers on the page, charts apart."""
    app.session_state["which"] = which
    app.query_params = {key.replace("__", "."): value for key, value in query.items()}
    app.run()
    assert not app.exception
    return wrong_numbers(_texts(app))


def wrong_in(drawn: list[bytes]) -> list[str]:
    return wrong_numbers(text for sent in drawn for text in texts_of(json.loads(sent)["figure"]))


def _texts(app: AppTest) -> Iterator[str]:
    for element in app:
        if element.type in _FORMULAS:
            continue
        if element.type == "plotly_chart":
            yield from texts_of(json.loads(element.proto.spec))
            continue
        if isinstance(element, Dataframe):
            yield from (cell for cell in element.value.to_numpy(object).ravel() if isinstance(cell, str))
        yield from _strings(getattr(element, "proto", None))


def _strings(value: Any) -> Iterator[str]:
    """Every string in a message of Streamlit that a person may read."""
    if isinstance(value, str):
        yield value
    elif hasattr(value, "ListFields"):
        for field, item in value.ListFields():
            if field.name == "spec":  # a figure of Plotly, as JSON
                yield from texts_of(json.loads(item))
            elif field.name not in _NO_TEXT:
                yield from _strings(item)
    elif isinstance(value, Iterable) and not isinstance(value, bytes):
        for item in value:
            yield from _strings(item)


def odd(lane: LaneSpec, epoch: int) -> EpochMetrics:
    """A difference to λ = 0 that rounds to −0.000, and a gap that does."""
    return metrics(epoch, **{**ODD, "val_loss": 1 - 1e-5 * bool(lane.point.value), "val_acc": 0.78 + lane.point.value})


@pytest.mark.parametrize(
    "changes",
    [{}, {"optim__name": "adamw", "penalty__apply": "decoupled", "penalty__l2": 1e-5, "data__label_noise": 0.2},
     {"penalty__l1": 1e-4, "penalty__apply": "proximal", "model__batch_norm": True}],
)  # fmt: skip
def test_the_form_of_train(app: AppTest, changes: dict[str, Any]) -> None:
    assert wrong_on(app, "train", **{key.replace(".", "__"): v for key, v in spec(**changes).to_query().items()}) == []


def test_runs_on_train_and_on_the_runs_page(app: AppTest, store: Store, drawn: list[bytes]) -> None:
    free, held = (add_run(store, one, epochs=[metrics(1, **ODD)]) for one in demo_specs())
    assert wrong_on(app, "train", run=held.id) == []
    assert wrong_on(app, "runs", runs=f"{free.id},{held.id}") == []
    demo = [store.create(one, group=f"{DEMO_GROUPS} abc") for one in demo_specs()]
    for run in demo:
        store.claim(run.id, store.owner())
        store.add_epochs([(run.id, metrics(1, **ODD), [], 1)])
        store.finish([Ending(run.id, "finished")])
    assert wrong_on(app, "train", runs=",".join(run.id for run in demo)) == []
    assert (wrong_in(drawn), len(drawn) >= 9) == ([], True)


def test_a_run_on_inspect(app: AppTest, store: Store, drawn: list[bytes]) -> None:
    run = add_run(store, spec(penalty__l1=1e-5), epochs=[metrics(1, **ODD)])
    for view in ({"show": "heat"}, {"show": "ridge"}, {"show": "epoch"}, {"view": "layers"}, {"view": "environment"}):
        assert wrong_on(app, "inspect", run=run.id, **view) == []
    assert (wrong_in(drawn), len(drawn)) == ([], 3)


def test_the_form_of_a_path(app: AppTest) -> None:
    assert wrong_on(app, "path") == []


NOISY = spec(train__epochs=3, data__label_noise=0.2)
SWEEPS = {
    "nine": SweepSpec(run=NOISY, l2=(0.0, 1e-5, 1e-4, 0.01), seeds=2),
    "two modes": SweepSpec(run=NOISY, l1=(0.0, 1e-4), apply=("coupled", "proximal"), seeds=2),
    "grid": SweepSpec(run=NOISY, l1=(0.0, 1e-4), l2=(0.0, 0.01), seeds=2),
}


@pytest.mark.parametrize("sweep", SWEEPS.values(), ids=SWEEPS)
@pytest.mark.parametrize("measure", ["accuracy", "loss"])
def test_a_sweep(app: AppTest, store: Store, drawn: list[bytes], sweep: SweepSpec, measure: str) -> None:
    done = add_sweep(store, sweep, epochs=3, figures=odd)
    for view in ("losses", "weights", "norms", "memory", "table"):
        assert wrong_on(app, "path", sweep=done.id, view=view, measure=measure) == []
    assert (wrong_in(drawn), bool(drawn)) == ([], True)


@pytest.mark.parametrize("section", [section.key for section in SECTIONS])
def test_a_section_of_learn(app: AppTest, drawn: list[bytes], section: str) -> None:
    assert wrong_on(app, "learn", section=section) == []
    assert wrong_in(drawn) == []


def test_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    snapshot = cast(Callable[[], Checkpoint], None)
    Output(as_json=False, epochs=9).listen(EpochDone(0, metrics(3, **ODD), (), 1, snapshot))
    printed = capsys.readouterr().out
    assert "78.34\u202f%" in printed
    assert "gap 0.0000" in printed
    assert wrong_numbers([printed]) == []


def test_the_scan_finds_what_it_is_for() -> None:
    wrong = ["5%", "5 %", "5\u00a0%", "-0.3", "from -3 on", "(-0.5)", "−0.000", "−0"]
    assert wrong_numbers(wrong) == wrong
    right = ["5\u202f%", "1e-4", "−0.5", "λ₂-path", "%{y:.1%}", "$-1$", "seed-3"]
    assert wrong_numbers(right) == []
