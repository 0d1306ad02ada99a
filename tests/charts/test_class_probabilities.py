"""Bars of the most probable classes under several runs."""

from __future__ import annotations

import numpy as np
from tests.charts.frames import styles

from reglab.charts.class_probabilities import MOST, TOP, bars_of, class_probabilities_chart, height_of

CLASSES = tuple(f"class {number}" for number in range(30))
PROBABILITIES = {run: np.random.default_rng(seed).dirichlet(np.full(30, 0.2)) for seed, run in enumerate("ab")}


def test_the_most_probable_classes_of_any_run_are_shown() -> None:
    bars = bars_of(PROBABILITIES, styles(["a", "b"]))
    largest = np.maximum(PROBABILITIES["a"], PROBABILITIES["b"])
    assert set(bars.classes) >= {int(own.argmax()) for own in PROBABILITIES.values()}
    assert np.all(np.diff(largest[bars.classes]) <= 0)
    assert TOP <= len(bars.classes) <= MOST
    for run, (style, own) in zip("ab", bars.runs, strict=True):
        assert style.run == run
        assert own.tolist() == PROBABILITIES[run][bars.classes].tolist()
    assert height_of(8) > height_of(2) >= height_of(1)


def test_a_bar_is_as_long_as_its_probability_and_the_true_class_is_marked() -> None:
    true = int(PROBABILITIES["a"].argmax())
    figure = class_probabilities_chart(PROBABILITIES, styles(["a", "b"]), classes=CLASSES, true=true)
    for trace, (_, own) in zip(figure.data, bars_of(PROBABILITIES, styles(["a", "b"])).runs, strict=True):
        np.testing.assert_allclose(trace.x, 100 * own, rtol=1e-6)
        assert [name for name in trace.y if "(true)" in name] == [f"<b>{CLASSES[true]}</b> (true)"]


def test_without_an_image_there_is_a_hint() -> None:
    figure = class_probabilities_chart({}, styles(["a"]), classes=CLASSES)
    assert not figure.data
    assert len(figure.layout.annotations) == 1
