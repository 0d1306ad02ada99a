"""The ONNX file of a trained run: its weights of the last or best epoch, the figures of the page, and no paths."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from tests.factories import add_run
from tests.jobs.running import SMALL, work
from torch import Tensor, nn

from reglab.cli import main
from reglab.datasets import load_images, prepare
from reglab.errors import CheckpointError
from reglab.exports import ExportError, export
from reglab.exports.onnx import model_proto
from reglab.predictions import Which
from reglab.settings import Settings
from reglab.store import Store


def test_last_and_best_weights_give_the_predictions_and_accuracies_of_the_page(
    store: Store, settings: Settings
) -> None:
    spec = SMALL.with_changes({"train.epochs": 6, "optim.lr": 0.02})
    run, split = work(store, settings, spec), prepare(spec.data, settings.data)
    assert run.best is not None
    assert run.best.epoch < run.epoch
    assert run.last is not None
    images = load_images("digits", settings.data).x[split.val_index]
    pixels = (images if images.is_floating_point() else images.float() / 255).numpy()
    seen = set()
    accuracies: dict[Which, float] = {"last": run.last.val_acc, "best": run.best.val_acc}
    for which, accuracy in accuracies.items():
        data = export(run, "onnx", settings=settings, store=store, which=which).files["model.onnx"]
        session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
        (found,) = session.run(["probabilities"], {"pixels": pixels})
        wanted = store.probabilities(run.id, which)
        assert wanted is not None
        assert np.abs(found - wanted).max() <= 1e-5
        assert (found.argmax(1) == split.y_val.numpy()).mean() == pytest.approx(accuracy, abs=1e-12)
        facts = {one.key: one.value for one in onnx.load_from_string(data).metadata_props}
        seen.add((facts["reglab.weights"], facts["reglab.epoch"], facts["reglab.weights_sha256"]))
        assert str(Path(__file__).parents[2]).encode() not in data
        assert b"site-packages" not in data
        assert [one.version for one in onnx.load_from_string(data).opset_import] == [18]
    assert len(seen) == 2
    assert ("last", str(run.epoch), run.weights_sha256) in seen


def test_a_run_without_weights_and_a_choice_where_there_is_none_are_sentences(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = add_run(store)
    with pytest.raises(CheckpointError, match="of its last epoch are not on the disk"):
        export(run, "onnx", settings=settings, store=store)
    with pytest.raises(ExportError, match="CSV has no choice between the weights"):
        export(run, "csv", settings=settings, store=store, which="best")
    monkeypatch.setenv("REGLAB_HOME", str(settings.home))
    assert main(["export", run.id, "--to", "onnx", "--out", "x.onnx", "--checkpoints"]) == 2
    assert "ONNX has no checkpoints; an archive has." in capsys.readouterr().err


class Unusual(nn.Module):
    """A layer that only PyTorch's exporter knows."""

    def __init__(self) -> None:
        super().__init__()
        self.flatten, self.fc, self.act = nn.Flatten(), nn.Linear(64, 10), nn.GELU()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.fc(self.flatten(x)))  # type: ignore[no-any-return]


def test_other_layers_are_left_to_pytorchs_exporter(monkeypatch: pytest.MonkeyPatch) -> None:
    model, mean, std = Unusual().eval(), torch.tensor([0.2]), torch.tensor([0.5])
    data = model_proto(model, (1, 8, 8), 10, mean, std).SerializeToString()
    assert b"site-packages" not in data
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    pixels = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    found = session.run(["probabilities"], {"pixels": pixels.numpy()})[0]
    with torch.inference_mode():
        wanted = model((pixels - 0.2) / 0.5).softmax(1).numpy()
    assert np.abs(found - wanted).max() <= 1e-5
    monkeypatch.setattr("importlib.util.find_spec", lambda package: None)
    with pytest.raises(ExportError, match="has GELU, which only PyTorch's exporter knows: pip install onnxscript"):
        model_proto(model, (1, 8, 8), 10, mean, std)
