"""The layer table and the memory figures against counts by hand, and the estimate against what autograd keeps."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from reglab.models import MODELS, LayerRow, build, summarise
from reglab.spec import ModelSpec


def test_the_layer_table_of_simple_cnn() -> None:
    assert summarise(ModelSpec(dropout=0.5), (1, 8, 8), 10).layers == (
        LayerRow("conv1", "Conv2d", (32, 8, 8), 10 * 32),
        LayerRow("relu1", "ReLU", (32, 8, 8), 0),
        LayerRow("conv2", "Conv2d", (64, 8, 8), 289 * 64),
        LayerRow("flatten", "Flatten", (4096,), 0),
        LayerRow("relu2", "ReLU", (4096,), 0),
        LayerRow("fc1", "Linear", (128,), 4097 * 128),
        LayerRow("relu3", "ReLU", (128,), 0),
        LayerRow("dropout", "Dropout", (128,), 0),
        LayerRow("fc2", "Linear", (10,), 129 * 10),
    )


def test_memory_by_hand() -> None:
    summary = summarise(ModelSpec(name="dense_784"), (1, 28, 28), 10)
    assert summary.weight_bytes == 4 * 101_770
    assert summary.activation_bytes == 4 * (784 + 128 + 128 + 10)  # image, fc1, relu1, fc2; the rest are views
    assert summary.training_bytes(32, 2) == 4 * 4 * 101_770 + 32 * 4 * 1050


def test_double_precision_takes_twice_the_memory() -> None:
    single = summarise(ModelSpec(name="lenet5"), (1, 28, 28), 10)
    double = summarise(build(ModelSpec(name="lenet5"), (1, 28, 28), 10, 0).double(), (1, 28, 28), 10)
    assert (double.weight_bytes, double.activation_bytes) == (2 * single.weight_bytes, 2 * single.activation_bytes)


def test_a_layer_called_twice_counts_its_parameters_once() -> None:
    layer = nn.Linear(6, 6)
    network = nn.Sequential()
    network.first, network.again = nn.Flatten(), nn.Sequential(layer, layer)
    summary = summarise(network, (1, 2, 3), 6)
    assert [row.parameters for row in summary.layers] == [0, 42, 0]
    assert summary.parameters == 42


def test_the_sizes_of_a_spec_are_found_once_for_each_cnn_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    spec, shape = ModelSpec(name="dense_784"), (1, 28, 28)
    known = summarise(spec, shape, 10)
    assert summarise(ModelSpec(name="dense_784"), shape, 10) is known
    assert summarise(spec, shape, 9).parameters < known.parameters
    monkeypatch.setitem(MODELS.entries, "dense_784", replace(MODELS.get("dense_784"), make=MODELS.get("linear").make))
    assert summarise(spec, shape, 10).parameters == 28 * 28 * 10 + 10


def test_a_network_is_not_touched_by_its_summary() -> None:
    model = build(ModelSpec(name="vgg_small", batch_norm=True), (1, 8, 8), 10, 0)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    summarise(model, (1, 8, 8), 10)
    assert model.training
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())


@pytest.mark.parametrize("name", MODELS.names())
def test_the_estimate_is_near_what_the_gradient_keeps(name: str) -> None:
    n, shape = 16, (1, 28, 28)
    model = build(ModelSpec(name=name), shape, 10, 0)
    weights = {p.untyped_storage().data_ptr() for p in model.parameters()}
    kept: dict[int, Tensor] = {}  # by address; the tensors stay alive, so that no address is used twice

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        cross_entropy(model(torch.zeros(n, *shape)), torch.zeros(n, dtype=torch.int64))
    real = sum(t.untyped_storage().nbytes() for address, t in kept.items() if address not in weights)
    assert 0.8 <= n * summarise(ModelSpec(name=name), shape, 10).activation_bytes / real <= 2.05
