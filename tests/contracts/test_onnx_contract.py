"""Every CNN of the registry as ONNX: onnxruntime predicts what RegLab predicts, on any number of raw images."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from tests.exports.running import tiny
from tests.factories import add_run

from reglab.datasets import load_images, prepare
from reglab.exports import export
from reglab.models import MODELS, build
from reglab.settings import Settings
from reglab.spec import DataSpec
from reglab.store import Store
from reglab.training import Network

CLOSE = 1e-5


CASES: list[dict[str, Any]] = [
    *({"model.name": name} for name in MODELS.names()),
    {"model.name": "small_cnn", "model.head": "pool", "data.resize": 12},
    {"model.name": "resnet18", "data.resize": 96},  # with the stem for large images
]


@pytest.mark.parametrize("changes", CASES, ids=lambda changes: " ".join(map(str, changes.values())))
def test_onnxruntime_predicts_what_the_run_predicts(changes: dict[str, Any], store: Store, settings: Settings) -> None:
    spec = tiny().with_changes(changes)
    run, split = add_run(store, spec, epochs=1), prepare(spec.data, settings.data)
    weights = _moved(build(spec.model, split.shape, len(split.classes), 0))
    _, sha256 = store.files(run.id).save_weights(weights)
    data = export(run, "onnx", settings=settings, store=store).files["model.onnx"]
    pixels = _pixels(spec.data, split.val_index.numpy(), settings)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    wanted = Network.of(spec, weights, split.shape, len(split.classes), "cpu").probabilities(split.x_val)
    for some in (slice(0, 1), slice(None)):
        logits, probabilities = session.run(["logits", "probabilities"], {"pixels": pixels[some]})
        assert np.abs(probabilities - wanted[some]).max() <= CLOSE
        assert logits.argmax(1).tolist() == wanted[some].argmax(1).tolist()
    facts = {one.key: one.value for one in onnx.load_from_string(data).metadata_props}
    assert (facts["reglab.run"], facts["reglab.weights_sha256"]) == (run.id, sha256)
    assert json.loads(facts["reglab.classes"]) == list(split.classes)
    assert ("resized from 1, 8, 8" in facts["reglab.input"]) == ("data.resize" in changes)
    assert facts["reglab.penalty.l2"] == repr(spec.penalty.l2)


def _moved(model: torch.nn.Module) -> dict[str, NDArray[np.float32]]:
    """Weights and statistics of norms that are nobody's initial ones."""
    rng = np.random.default_rng(0)
    found = {}
    for key, tensor in model.state_dict().items():
        array = tensor.numpy()
        if key.endswith("running_var"):
            array = rng.uniform(0.5, 2, array.shape).astype(array.dtype)
        elif tensor.is_floating_point():
            array = (array + rng.normal(0, 0.02, array.shape)).astype(array.dtype)
        found[key] = array
    return found


def _pixels(data: DataSpec, index: NDArray[np.int64], settings: Settings) -> NDArray[np.float32]:
    """Raw images in [0, 1]."""
    images = load_images(data.name, settings.data, resize=data.resize).x[torch.from_numpy(index)]
    return (images if images.is_floating_point() else images.float() / 255).numpy().astype(np.float32)
