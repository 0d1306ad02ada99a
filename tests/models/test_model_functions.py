"""Each CNN against the same network written out with plain functions, and its size against a count by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reglab.models import Shape, build
from reglab.spec import ModelSpec

P = Mapping[str, Tensor]
COUNTS: list[tuple[str, bool, Shape, int]] = [
    ("simple_cnn", False, (1, 28, 28), (9 + 1) * 32 + (9 * 32 + 1) * 64 + (64 * 28 * 28 + 1) * 128 + 129 * 10),
    ("keras_cnn", False, (1, 28, 28), 34_826),  # what Keras prints for its example
    ("dense_784", False, (1, 28, 28), 785 * 128 + 129 * 10),
    ("sigmoid_784", False, (1, 28, 28), 23_860),
    ("linear", False, (1, 28, 28), 7_850),
    ("lenet5", False, (1, 28, 28), 26 * 6 + 151 * 16 + 401 * 120 + 121 * 84 + 85 * 10),
    ("lenet5", False, (1, 32, 32), 61_706),
    ("vgg_small", False, (1, 28, 28), 10 * 32 + 289 * (32 + 64) + 577 * (64 + 128) + 1153 * 128 + 1153 * 128 + 1290),
    ("vgg_small", True, (1, 28, 28), 9 * 32 + 288 * 96 + 576 * 192 + 1152 * 128 + 2 * 448 + 1153 * 128 + 1290),
    ("resnet18", False, (1, 28, 28), 11_173_962 - 2 * 9 * 64),
    ("resnet18", False, (3, 32, 32), 11_173_962),  # known for the CIFAR-10 variant
]


@pytest.mark.parametrize(("name", "batch_norm", "shape", "count"), COUNTS)
def test_the_number_of_parameters(name: str, batch_norm: bool, shape: Shape, count: int) -> None:
    model = build(ModelSpec(name=name, batch_norm=batch_norm), shape, 10, 0)
    assert sum(p.numel() for p in model.parameters()) == count


def simple_cnn(x: Tensor, p: P) -> Tensor:
    x = F.relu(F.conv2d(x, p["conv1.weight"], p["conv1.bias"], padding=1))
    x = F.relu(F.conv2d(x, p["conv2.weight"], p["conv2.bias"], padding=1))
    x = F.relu(F.linear(x.flatten(1), p["fc1.weight"], p["fc1.bias"]))
    return F.linear(x, p["fc2.weight"], p["fc2.bias"])


def keras_cnn(x: Tensor, p: P) -> Tensor:
    x = F.max_pool2d(F.relu(F.conv2d(x, p["conv1.weight"], p["conv1.bias"])), 2)
    x = F.max_pool2d(F.relu(F.conv2d(x, p["conv2.weight"], p["conv2.bias"])), 2)
    return F.linear(x.flatten(1), p["fc.weight"], p["fc.bias"])


def dense_784(x: Tensor, p: P) -> Tensor:
    return F.linear(F.relu(F.linear(x.flatten(1), p["fc1.weight"], p["fc1.bias"])), p["fc2.weight"], p["fc2.bias"])


def sigmoid_784(x: Tensor, p: P) -> Tensor:
    hidden = torch.sigmoid(F.linear(0.1307 + 0.3081 * x.flatten(1), p["fc1.weight"], p["fc1.bias"]))
    return F.linear(hidden, p["fc2.weight"], p["fc2.bias"])


def linear(x: Tensor, p: P) -> Tensor:
    return F.linear(x.flatten(1), p["fc.weight"], p["fc.bias"])


def lenet5(x: Tensor, p: P) -> Tensor:
    x = F.avg_pool2d(torch.tanh(F.conv2d(x, p["conv1.weight"], p["conv1.bias"], padding=2)), 2)
    x = F.avg_pool2d(torch.tanh(F.conv2d(x, p["conv2.weight"], p["conv2.bias"])), 2).flatten(1)
    for layer in ("fc1", "fc2"):
        x = torch.tanh(F.linear(x, p[f"{layer}.weight"], p[f"{layer}.bias"]))
    return F.linear(x, p["fc3.weight"], p["fc3.bias"])


def vgg_small(x: Tensor, p: P) -> Tensor:
    for block in (1, 2, 3):
        for half in (1, 2):
            name = f"conv{block}_{half}"
            x = F.relu(F.conv2d(x, p[f"{name}.weight"], p[f"{name}.bias"], padding=1))
        x = F.max_pool2d(x, 2)
    x = F.relu(F.linear(x.flatten(1), p["fc1.weight"], p["fc1.bias"]))
    return F.linear(x, p["fc2.weight"], p["fc2.bias"])


@pytest.mark.parametrize("written_out", [simple_cnn, keras_cnn, dense_784, sigmoid_784, linear, lenet5, vgg_small])
def test_output_and_gradient_equal_the_network_written_out(written_out: Callable[[Tensor, P], Tensor]) -> None:
    model = build(ModelSpec(name=written_out.__name__), (1, 28, 28), 10, 3).double()
    x = torch.randn(6, 1, 28, 28, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    parameters = dict(model.named_parameters())
    theirs = written_out(x, parameters)
    ours = model(x)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)
    expected = torch.autograd.grad(theirs.square().sum(), list(parameters.values()))
    found = torch.autograd.grad(ours.square().sum(), list(parameters.values()))
    for name, a, b in zip(parameters, found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12, msg=name)


def test_sigmoid_784_starts_from_large_weights() -> None:
    """N(0, 1), the book's large_weight_initializer: 23,520 draws have their deviation within 2 %."""
    weights = build(ModelSpec(name="sigmoid_784"), (1, 28, 28), 10, 0).get_parameter("fc1.weight")
    assert float(weights.detach().mean()) == pytest.approx(0.0, abs=0.02)
    assert float(weights.detach().std()) == pytest.approx(1.0, abs=0.02)


def test_names_in_the_order_of_the_layers() -> None:
    names = [name for name, _ in build(ModelSpec(), (1, 8, 8), 10, 0).named_parameters()]
    layers = ("conv1", "conv2", "fc1", "fc2")
    assert names == [f"{layer}.{part}" for layer in layers for part in ("weight", "bias")]


def test_keras_cnn_pools_once_where_nothing_is_left_to_halve() -> None:
    sizes = {
        side: build(ModelSpec(name="keras_cnn"), (1, side, side), 10, 0).get_submodule("fc") for side in (8, 9, 10)
    }
    assert [fc.in_features for fc in sizes.values()] == [64, 64, 64]
    assert isinstance(build(ModelSpec(name="keras_cnn"), (1, 9, 9), 10, 0).get_submodule("pool2"), nn.Identity)


def test_vgg_convolutions_under_batch_norm_have_no_bias() -> None:
    names = dict(build(ModelSpec(name="vgg_small", batch_norm=True), (1, 8, 8), 10, 0).named_parameters())
    assert "conv1_1.weight" in names
    assert "conv1_1.bias" not in names
    assert {"norm1_1.weight", "norm1_1.bias"} <= names.keys()


@pytest.mark.parametrize(("side", "last"), [(8, 2), (9, 2), (16, 2), (32, 4)])
def test_resnet18_never_shrinks_a_map_to_one_pixel(side: int, last: int) -> None:
    sizes = []
    model = build(ModelSpec(name="resnet18"), (1, side, side), 10, 0).eval()
    model.get_submodule("layer4").register_forward_hook(lambda *call: sizes.append(tuple(call[2].shape[2:])))
    model(torch.zeros(1, 1, side, side))
    assert sizes == [(last, last)]


def test_resnet18_drops_pooled_features_just_before_the_dense_layer() -> None:
    model = build(ModelSpec(name="resnet18", dropout=0.3), (1, 8, 8), 10, 0)
    assert [name for name, _ in model.named_children()][-2:] == ["avgpool", "fc"]
    assert str(model.get_submodule("avgpool.1")) == "Dropout(p=0.3)"
