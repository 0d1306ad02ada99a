"""Compare and Inspect on runs that lack something, and on damaged files: a figure or a sentence, never an error."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pytest
from sqlalchemy import text
from tests.factories import add_many, add_run, add_sweep, metrics, spec
from tests.jobs.running import settings_in, work

from reglab.analysis.run_weights import run_weights
from reglab.charts.base import unchecked
from reglab.charts.compare_curves import compare_curves_chart
from reglab.charts.parallel import parallel_chart
from reglab.charts.weight_panels import weight_panels_chart
from reglab.charts.weight_ridge import weight_ridge_chart
from reglab.content.environment_text import environment_rows
from reglab.errors import CheckpointError, DataError
from reglab.jobs import NoiseRequest, PredictionRequest, Runner, accuracy_under_noise, predict
from reglab.jobs.run_comparing import caveats, compare_groups, compare_runs
from reglab.predictions import NoiseCurve
from reglab.settings import Settings
from reglab.store import Run, Store, open_store
from reglab.ui.compare import against, query
from reglab.ui.compare.against import _run_series, readable
from reglab.ui.compare.curves import AXES, FIGURES, Options, curve_table
from reglab.ui.compare.data import Epochs, Selection, select
from reglab.ui.compare.differences import csv_of, csv_of_groups, readable_groups
from reglab.ui.compare.differences import readable as readable_differences
from reglab.ui.compare.parallel import axes_of, parallel_table
from reglab.ui.compare.predictions import predictions_of
from reglab.ui.compare.query import CompareQuery
from reglab.ui.compare.weights import _overlay, latest_layers, ridge_epochs
from reglab.ui.compare.weights import readable as readable_weights
from reglab.ui.inspect.data import epochs_of, figures_of, history_of, layer_names, norms_of, validation_of
from reglab.ui.inspect.environment import log_rows
from reglab.ui.inspect.filters import filters_of
from reglab.ui.inspect.layers import at_names, layer_table
from reglab.ui.shared.query import MOST_COMPARED
from reglab.ui.shared.services import close_services, services

NAN = float("nan")
BROKEN = dict.fromkeys(("train_loss", "val_loss", "train_acc", "val_acc", "total", "gap_loss", "gap_acc", "l2"), NAN)
ENDLESS = dict.fromkeys(BROKEN, float("inf"))


def without_environment(store: Store) -> Run:
    run = add_run(store)
    with store._database.write() as connection:
        connection.execute(text("UPDATE runs SET environment = NULL WHERE id = :run").bindparams(run=run.id))
    return store.get(run.id)


def without_layers(store: Store) -> Run:
    run = add_run(store)
    with store._database.write() as connection:
        connection.execute(text("DELETE FROM layers WHERE run = :run").bindparams(run=run.id))
    return run


def without_weights_that_are_finite(store: Store) -> Run:
    run = add_run(store, state="diverged", epochs=[metrics(1), metrics(2, **BROKEN)])
    with store._database.write() as connection:
        update = "UPDATE layers SET l1_norm = 'nan', l2_norm = 'nan', max_abs = 'inf' WHERE run = :run AND epoch = 2"
        connection.execute(text(update).bindparams(run=run.id))
    return run


ODD: Mapping[str, Callable[[Store], Run]] = {
    "queued": lambda store: add_run(store, state="queued"),
    "begun": lambda store: add_run(store, state="running", epochs=0),
    "training": lambda store: add_run(store, state="running", epochs=2),
    "failed before its first epoch": lambda store: add_run(store, state="failed", epochs=0),
    "interrupted": lambda store: add_run(store, state="interrupted", epochs=3),
    "one epoch": lambda store: add_run(store, epochs=1),
    "NaN at the end": lambda store: add_run(store, state="diverged", epochs=[metrics(1), metrics(2, **BROKEN)]),
    "NaN throughout": lambda store: add_run(store, state="diverged", epochs=[metrics(1, **BROKEN)]),
    "infinite": lambda store: add_run(store, state="diverged", epochs=[metrics(1), metrics(2, **ENDLESS)]),
    "weights not finite": without_weights_that_are_finite,
    "another dataset": lambda store: add_run(store, spec(data__name="mnist")),
    "a dataset of a package that is gone": lambda store: add_run(store, spec(data__name="gone")),
    "another CNN": lambda store: add_run(store, spec(model__name="lenet5")),
    "of an earlier version": without_environment,
    "without layers": without_layers,
    "a hostile name": lambda store: add_run(store, name="<b>$x$ `%{x}` [a](b)</b>"),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """That of the pages, one for all tests here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGLAB_HOME", str(tmp_path_factory.mktemp("odd")))
        patch.delenv("REGLAB_STORE", raising=False)
        patch.setattr(Runner, "_take_up", lambda self: None)
        patch.setattr(against, "epochs_of", lambda found: Epochs(0, services().store.epochs(ids_of(found))))
        close_services()
        yield services().store
        close_services()


def ids_of(found: Selection) -> list[str]:
    return [run.id for run in found.runs]


def compare_everything(found: Selection, store: Store) -> None:
    """All that the views of Compare compute and draw, but for what the browser shows."""
    styles, rows = found.styles(grouped=False), store.epochs(ids_of(found))
    assert len(styles) == len(found.runs)
    caveats(found.runs)
    for figure, axis in zip(FIGURES, itertools.cycle(AXES), strict=False):
        options = Options(figure, "both" if figure in ("loss", "accuracy") else "val", axis, "xy", 0.9, True)
        drawn = compare_curves_chart(curve_table(found, Epochs(0, rows), options), styles, log_x=True, log_y=True)
        assert drawn.layout.title.text
    for runs in (found.runs, found.begun):
        if runs:
            differences = compare_runs(runs)
            csv_of(differences)
            assert len(readable_differences(differences, {})) == len(runs)
            parallel_chart(parallel_table(differences, axes_of(differences)), styles)
    firsts = [own[0] for own in found.members.values()]
    groups, differences = compare_groups(list(found.members.values()), firsts[0].id), compare_runs(firsts)
    csv_of_groups(differences, groups)
    assert len(readable_groups(differences, groups, {})) == len(firsts)
    layers, _ = latest_layers(found.begun)
    for layer in (None, "fc.weight", "gone"):
        table = run_weights(layers, layer, found.runs[0].id)
        assert len(readable_weights(table, styles, found.runs[0].id)) == len(table)
        _overlay(layers, styles, layer)
        weight_panels_chart(layers[layers["epoch"] > 0], styles, layer, baseline=found.runs[0].id)
        for run in found.begun:
            ridge = store.layers([run.id], epochs=ridge_epochs(run.epoch))
            weight_ridge_chart(ridge, {run.id: styles[run.id]}, layer)
    for measure in ("loss", "accuracy"):
        readable(list(_run_series(found, measure)), measure)
    for run in found.begun:
        assert predictions_of(run, "last") is predictions_of(run, "best") is None


@pytest.mark.parametrize("odd", list(ODD))
def test_compare_takes_any_run_beside_a_usual_one(store: Store, odd: str) -> None:
    usual, other = add_run(store, spec(penalty__l2=0.5)), ODD[odd](store)
    for ids in ((usual.id, other.id), (other.id,)):
        found = select(store, CompareQuery(ids))
        assert [run.id for run in found.runs] == list(ids)
        assert found.problems == ()
        with unchecked():
            compare_everything(found, store)


@pytest.mark.parametrize("odd", list(ODD))
def test_inspect_takes_any_run(store: Store, odd: str) -> None:
    run = ODD[odd](store)
    for layer in (None, *layer_names(run)):
        assert len(history_of(run, layer)) <= len(epochs_of(run))
        assert len(norms_of(run, layer)) <= len(epochs_of(run))
    assert len(layer_table(figures_of(run, run.epoch), figures_of(run, 0))) in (0, 3)
    assert environment_rows(run)
    assert log_rows(run, "UTC")
    assert at_names(run)
    assert str(filters_of(run, "last")).startswith(("No weights", "The layers"))
    for at in ("last", "best"):
        with pytest.raises(DataError, match=r"[a-z]\.$"):
            validation_of(run, at)


def test_what_a_link_names_and_cannot_be_compared_is_named(store: Store) -> None:
    run, gone, torn = add_run(store), add_run(store, name="old"), add_run(store)
    sweep, whole, deleted = (add_sweep(store, name=name) for name in ("torn", "whole", "gone"))
    lane = store.sweep_runs(sweep.id)[1]
    store.delete([gone.id, deleted.id])
    with store._database.write() as connection:
        for one in (torn.id, lane.id):
            connection.execute(text("UPDATE runs SET spec = '{' WHERE id = :run").bindparams(run=one))
    asked = CompareQuery((run.id, gone.id, torn.id, "x" * 200), (sweep.id, deleted.id, "nobody", whole.id, whole.id))
    found = select(store, asked)
    assert [one.id for one in found.runs[:1]] == [run.id]
    assert len(found.runs) == 1 + len(store.sweep_runs(whole.id))
    assert [one.id for one in found.sweeps] == [whole.id]
    first, second, third, fourth, fifth, sixth = found.problems
    assert first.startswith("The link names 1 run that is not here: xxx")
    assert second == "“old” is deleted and not compared; its own page can restore it."
    assert third.startswith(f"The run {torn.id} cannot be read: ")
    assert fourth.startswith(f"The run {lane.id} cannot be read: ")
    assert (fifth, sixth) == (
        "The sweep “gone” is deleted; its own page can restore it.", "There is no sweep 'nobody'."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"runs": ",".join(f"r{i}" for i in range(10_000))}, f"The link names 10,000 runs; the first {MOST_COMPARED}"),
        ({"sweeps": ",".join(f"absent-sweep-{i}" for i in range(13))}, "The link names 13 sweeps; the first 12"),
        ({"runs": ",,, ,"}, None),
        ({"runs": "\x00,é,<script>"}, None),
        ({"view": "nothing"}, "view 'nothing' is not one of"),
        ({"errors": "loudness"}, "errors 'loudness' is not one of"),
        ({"errors": "noise", "at": "best"}, None),
        ({"smooth": "nan"}, "smooth 'nan' is not one of"),
        ({"layer": "x" * 10_000, "baseline": "y" * 10_000}, None),
    ],
)
def test_any_link_opens_the_page(store: Store, given: dict[str, str], problem: str | None) -> None:
    asked, problems = query.read(given)
    assert (problems == []) if problem is None else problems[0].startswith(problem)
    found = select(store, asked)
    assert (found.runs, found.sweeps) == ((), ())
    assert len(found.problems) == bool(asked.runs) + len(asked.sweeps)  # one sentence on all runs


def test_more_runs_than_any_chart_draws(store: Store) -> None:
    found = select(store, CompareQuery(tuple(add_many(store, 60, epochs=2))))
    assert len({(style.colour, style.stroke) for style in found.styles(grouped=False).values()}) == 60
    assert len(compare_runs(found.runs).runs) == 60
    assert caveats(found.runs) == []


# Files

NOISY = spec(data__train_size=60, data__label_noise=0.2, model__name="small_cnn", train__epochs=2, train__batch_size=20)
DAMAGE: Mapping[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "one byte": lambda data: data[:1],
    "half": lambda data: data[: len(data) // 2],
    "without its end": lambda data: data[:-1],
    "zeros": lambda data: bytes(len(data)),
    "a header of 2⁶³ bytes": lambda data: b"\xff" * 8 + data[8:],
    "another format": lambda data: b"PK\x03\x04" + data,
    "text": lambda data: b"{}" * 40,
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Settings, Run]]:
    settings = settings_in(tmp_path_factory.mktemp("damaged"))
    with open_store(settings) as opened:
        yield opened, settings, work(opened, settings, NOISY)


@pytest.mark.parametrize("damage", list(DAMAGE))
def test_damaged_files_are_as_if_not_there_or_named(trained: tuple[Store, Settings, Run], damage: str) -> None:
    store, settings, run = trained
    files = store.files(run.id)
    paths = [files.folder / name for name in ("predictions.bin", "weights.safetensors", "initial.safetensors")]
    whole = [path.read_bytes() for path in paths]
    for path, data in zip(paths, whole, strict=True):
        path.write_bytes(DAMAGE[damage](data))
    try:
        assert store.val_scores([run.id]) == {}
        assert store.probabilities(run.id, "last") is None or damage in ("half", "without its end")
        for name in ("weights", "initial"):
            with pytest.raises(CheckpointError, match=r"cannot be read: .*\.$"):
                files.load_weights(files.named(name))
            with pytest.raises(CheckpointError, match=r"cannot be read: .*\.$"):
                files.load_array(files.named(name), "conv1.weight")
        image = np.zeros((1, 1, 8, 8), dtype=np.uint8)
        for request in (PredictionRequest((run.id,), "last", image), PredictionRequest((run.id,))):
            assert "cannot be read" in str(predict(store, settings, request)[run.id])
        assert "cannot be read" in str(accuracy_under_noise(store, settings, NoiseRequest((run.id,)))[run.id])
        assert list(store.problems())
    finally:
        for path, data in zip(paths, whole, strict=True):
            path.write_bytes(data)
    assert isinstance(accuracy_under_noise(store, settings, NoiseRequest((run.id,)))[run.id], NoiseCurve)
    (files.folder / "noise-last.json").unlink()


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (np.zeros((1, 1, 9, 8), np.uint8), "has images of another size"),
        (np.zeros((1, 3, 8, 8), np.uint8), "has images of another size"),
        (np.zeros((1, 1, 0, 0), np.uint8), "has images of another size"),
        (np.full((1, 1, 8, 8), np.nan, np.float32), None),
        (np.zeros((1, 1, 8, 8), np.float32), None),
    ],
)
def test_images_of_any_size_are_predicted_or_refused(
    trained: tuple[Store, Settings, Run], images: np.ndarray, sentence: str | None
) -> None:
    store, settings, run = trained
    found = predict(store, settings, PredictionRequest((run.id,), "last", images))[run.id]
    assert (sentence in str(found)) if sentence else not isinstance(found, str)
