"""TensorBoard's own readers give back the numbers of the pages, the settings, and the spec."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.context import RequestContext
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.plugins.hparams.api_pb2 import ListSessionGroupsRequest, Status
from tensorboard.plugins.hparams.backend_context import Context
from tensorboard.plugins.hparams.list_session_groups import Handler
from tensorboard.util.tensor_util import make_ndarray
from tests.factories import add_run, add_sweep, metrics, spec

from reglab import columns
from reglab.analysis.weight_history import norm_history
from reglab.cli import main
from reglab.exports import ExportError, deliver, export
from reglab.settings import Settings
from reglab.store import Run, Store

_RELATIVE = 1e-6  # TensorBoard keeps float32


@pytest.fixture
def run(store: Store) -> Run:
    return add_run(store, spec(penalty__l2=0.03, data__label_noise=0.2), name="*mine* <b>", epochs=6)


def accumulated(folder: Path) -> EventAccumulator:
    """Everything in the event files of ``folder``."""
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "histograms": 0, "tensors": 0})
    return events.Reload()


def written(run: Run, settings: Settings, store: Store, folder: Path) -> EventAccumulator:
    deliver(run, "tensorboard", str(folder), settings=settings, store=store)
    return accumulated(folder / run.id)


def test_every_metric_of_the_page_is_there_at_every_epoch(
    run: Run, settings: Settings, store: Store, tmp_path: Path
) -> None:
    events = written(run, settings, store, tmp_path)
    own = {tag.rpartition("/")[2]: tag for tag in events.Tags()["scalars"] if tag.count("/") == 1}
    frame = store.epochs([run.id])
    for name in columns.METRICS:
        if name not in columns.SOMETIMES:
            found = events.Scalars(own[name])
            assert [one.step for one in found] == frame[columns.EPOCH].tolist()
            np.testing.assert_allclose([one.value for one in found], frame[name].to_numpy(), rtol=_RELATIVE)
    assert not set(columns.SOMETIMES) & set(own)  # without label noise nothing is memorised
    whole = norm_history(store.layers([run.id]))
    for name in (columns.L2_NORM, columns.L1_NORM, columns.ZERO_SHARE, columns.NEAR_ZERO_SHARE, columns.MAX_ABS):
        found = events.Scalars(f"weights/{name}")
        assert [one.step for one in found] == list(range(7))
        np.testing.assert_allclose([one.value for one in found], whole[name].to_numpy(), rtol=_RELATIVE)
    ratio = events.Scalars("weights/gradient_ratio")
    np.testing.assert_allclose([r.value for r in ratio], whole[columns.GRADIENT_RATIO].to_numpy()[1:], rtol=_RELATIVE)
    assert events.Scalars("weights/conv1.weight/l2_norm")[-1].step == 6


def test_histograms_have_every_weight_of_every_layer_and_epoch(
    run: Run, settings: Settings, store: Store, tmp_path: Path
) -> None:
    events, layers = written(run, settings, store, tmp_path), store.layers([run.id])
    assert events.Tags()["histograms"] == list(dict.fromkeys(layers[columns.LAYER]))
    for row in layers.to_dict("records"):
        found = events.Histograms(row[columns.LAYER])[row[columns.EPOCH]]
        value = found.histogram_value
        assert found.step == row[columns.EPOCH]
        assert value.num == sum(value.bucket) == row[columns.SIZE]
        assert math.isclose(value.sum_squares, row[columns.L2_NORM] ** 2, rel_tol=1e-9)
        assert -row[columns.MAX_ABS] <= value.min < 0 < value.max <= row[columns.MAX_ABS]
        assert value.bucket_limit == sorted(value.bucket_limit)
        zero = next(i for i, limit in enumerate(value.bucket_limit) if 0 < limit < 1e-30)
        assert value.bucket[zero] == row[columns.ZEROS]


def test_the_hparams_plugin_lists_the_runs_with_settings_and_metrics(
    settings: Settings, store: Store, tmp_path: Path
) -> None:
    sweep = store.sweep_runs(add_sweep(store, epochs=2).id)
    deliver(sweep, "tensorboard", str(tmp_path), settings=settings, store=store)
    multiplexer = EventMultiplexer().AddRunsFromDirectory(str(tmp_path))
    multiplexer.Reload()
    reader = MultiplexerDataProvider(multiplexer, str(tmp_path))
    plugin, asked = Context(TBContext(data_provider=reader)), RequestContext()
    request = ListSessionGroupsRequest(slice_size=100, start_index=0, allowed_statuses=[Status.Value("STATUS_SUCCESS")])
    handler = Handler(asked, plugin, "", request)
    groups = handler.run().session_groups
    assert {group.name for group in groups} == {run.id for run in sweep}
    assert {group.hparams["penalty.l2"].number_value for group in groups} == {0.0, 1e-3, 1e-2}
    known = plugin.experiment_from_metadata(asked, "", True, plugin.hparams_metadata(asked, ""), 100)
    assert {info.name for info in known.hparam_infos} >= {"penalty.l2", "train.seed"}
    assert "accuracy/val_acc" in {info.name.tag for info in known.metric_infos}


def test_the_spec_is_text_that_markdown_shows_as_it_is(
    run: Run, settings: Settings, store: Store, tmp_path: Path
) -> None:
    events = written(run, settings, store, tmp_path)
    (text,) = make_ndarray(events.Tensors("reglab/spec")[0].tensor_proto)
    title, _, block = text.decode().partition("\n\n")
    assert title == rf"\*mine\* \<b\> ({run.id})"
    assert "".join(line.removeprefix("    ") for line in block.splitlines(keepends=True)) == run.spec.to_yaml()


def test_nan_and_infinity_stay_what_they_are(settings: Settings, store: Store, tmp_path: Path) -> None:
    wild = [metrics(1), metrics(2, val_loss=math.inf, total=math.nan, l2=1e300)]
    run = add_run(store, state="diverged", epochs=wild)
    events = written(run, settings, store, tmp_path)
    assert events.Scalars("loss/val_loss")[1].value == math.inf
    assert math.isnan(events.Scalars("loss/total")[1].value)
    assert events.Scalars("penalty/l2")[1].value == math.inf  # beyond float32


def test_runs_exported_one_after_another_lie_side_by_side(settings: Settings, store: Store, tmp_path: Path) -> None:
    runs = [add_run(store, epochs=1) for _ in range(2)]
    for run in (*runs, runs[0]):
        deliver(run, "tensorboard", str(tmp_path), settings=settings, store=store)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name in {run.id for run in runs}) == sorted(
        run.id for run in runs
    )
    with pytest.raises(ExportError, match="2 runs need an event file each"):
        deliver(runs, "tensorboard", str(tmp_path / "all.tfevents"), settings=settings, store=store)


@pytest.mark.parametrize("name", ["tensorboard", "mlflow", "onnx"])
def test_a_missing_package_is_a_sentence(
    name: str, store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = add_run(store)
    monkeypatch.setattr("importlib.util.find_spec", lambda package: None)
    with pytest.raises(ExportError, match=rf"needs the package {name}: pip install 'reglab\[{name}\]'\."):
        export(run, name, settings=settings, store=store)
    monkeypatch.setenv("REGLAB_HOME", str(settings.home))
    assert main(["export", run.id, "--to", name, "--out", str(settings.home / "out")]) == 2
    assert f"pip install 'reglab[{name}]'" in capsys.readouterr().err
