"""Products in the place of layers: equal to torch's layers but for rounding, recorded, and kept on resume."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reglab import RunSpec, train
from reglab.events import Checkpoint, Ended, EpochDone
from reglab.models import build
from reglab.spec import ModelSpec
from reglab.training import lane, products
from reglab.training.products import dense_convolution, patch_product, products_of, use_products

SPEC = RunSpec.parse({
    "data": {"name": "digits", "train_size": 32, "val_size": 20},
    "model": {"name": "simple_cnn"},
    "penalty": {"l2": 1e-3},
    "train": {"epochs": 2, "batch_size": 16},
})  # fmt: skip


@pytest.fixture(autouse=True)
def on_amd(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever processor the tests run on."""
    monkeypatch.setattr(products, "processor", lambda: "AMD EPYC")


def draws() -> Iterator[Tensor]:
    generator = torch.Generator().manual_seed(0)
    while True:
        yield torch.randn(40, 40 * 40, generator=generator)


def test_oneDNNs_dense_layer_is_torchs_but_for_rounding() -> None:
    """The canary of a semi-private operator: values and all three gradients."""
    layer, other = nn.Linear(1600, 90), nn.Linear(1600, 90)
    other.load_state_dict(layer.state_dict())
    use_products(nn.Sequential(layer), {"0": "onednn"})
    first, second = (next(draws()).requires_grad_() for _ in range(2))
    mine, theirs = layer(first), other(second)
    for made in (mine, theirs):
        made.square().sum().backward()
    pairs = [(mine.detach(), theirs.detach()), (first.grad, second.grad), (layer.weight.grad, other.weight.grad)]
    for own, expected in [*pairs, (layer.bias.grad, other.bias.grad)]:
        assert own.shape == expected.shape
        assert float((own - expected).norm() / expected.norm()) < 1e-6
    use_products(nn.Sequential(layer), {})
    assert torch.equal(layer(first), other(second))


@pytest.mark.parametrize(
    "layer",
    [nn.Conv2d(1, 8, 3), nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(1, 4, (3, 5), stride=(2, 1), padding=(1, 2)),
     nn.Conv2d(1, 4, 3, bias=False)],
)  # fmt: skip
def test_a_product_of_patches_is_the_convolution(layer: nn.Conv2d) -> None:
    layer.double()
    x = next(draws()).double().view(40, 1, 40, 40)
    own = patch_product(layer, x, layer.weight, layer.bias)
    torch.testing.assert_close(own, layer(x))
    assert own.is_contiguous(memory_format=torch.channels_last)
    parameters = list(layer.parameters())
    gradients = [torch.autograd.grad(made.square().sum(), parameters) for made in (own, layer(x))]
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize(
    ("model", "expected"),
    [("simple_cnn", {"conv1": "patches", "fc1": "onednn"}), ("keras_cnn", {"conv1": "patches", "conv2": "dense"}),
     ("lenet5", {"conv1": "patches", **{f"tanh{i}": "onednn" for i in (1, 2, 3, 4)}}), ("dense_784", {})],
)  # fmt: skip
def test_which_layers_are_products(model: str, expected: dict[str, str]) -> None:
    network = build(ModelSpec(name=model), (1, 8, 8), 10, 0)
    assert products_of(network) == expected
    assert products_of(network.double()) == {}


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_oneDNNs_tanh_is_torchs_but_for_rounding(layout: torch.memory_format) -> None:
    """From the smallest numbers to saturation, with its gradient, in the memory layout of its input."""
    layer = nn.Tanh()
    use_products(nn.Sequential(layer), {"0": "onednn"})
    powers = torch.logspace(-38, 1.3, 2**15)
    first, second = (torch.cat([powers, -powers, powers * 0]).view(6, 4, 64, 64).to(memory_format=layout) for _ in "ab")
    mine, theirs = layer(first.requires_grad_()), second.requires_grad_().double().tanh()
    for made in (mine, theirs):
        made.square().sum().backward()
    assert mine.stride() == first.stride()
    torch.testing.assert_close(mine.double(), theirs, rtol=2e-7, atol=0)
    torch.testing.assert_close(first.grad, second.grad, rtol=1e-5, atol=1e-6)
    few = torch.linspace(-3, 3, 100)
    assert torch.equal(layer(few), few.tanh())


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("lanes", [1, 3])
def test_a_convolution_that_leaves_one_pixel_is_a_dense_layer(lanes: int, bias: bool) -> None:
    """For channels last and channels first, against the grouped convolution of all lanes."""
    generator = torch.Generator().manual_seed(0)
    x, w = (
        torch.randn(size, generator=generator, dtype=torch.float64)
        for size in ((5, lanes * 4, 3, 2), (lanes, 7, 4, 3, 2))
    )
    b = torch.randn(lanes, 7, generator=generator, dtype=torch.float64) if bias else None
    for layout in (torch.channels_last, torch.contiguous_format):
        maps, weights = x.to(memory_format=layout).requires_grad_(), w.clone().requires_grad_()
        biases = None if b is None else b.clone().requires_grad_()
        flat = None if biases is None else biases.flatten()
        expected = F.conv2d(maps, weights.flatten(0, 1), flat, groups=lanes)
        own = dense_convolution(maps, weights, biases)
        torch.testing.assert_close(own, expected, rtol=1e-12, atol=1e-12)
        inputs = [tensor for tensor in (maps, weights, biases) if tensor is not None]
        gradients = [torch.autograd.grad(made.square().sum(), inputs) for made in (own, expected)]
        torch.testing.assert_close(*gradients, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("sides", [(8, 8), (5, 7), (2, 3)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_pooling_without_a_gradient_is_torchs_pooling(sides: tuple[int, int], dtype: torch.dtype) -> None:
    """Rounded to a few values, so that maxima are often equal, and with NaN and infinities."""
    maps = torch.randn(3, 32, *sides, generator=torch.Generator().manual_seed(0), dtype=dtype).mul(2).round()
    maps[0, 0, 0, 0], maps[0, 1, 0, 1], maps[0, 2] = torch.nan, torch.inf, -torch.inf
    layer, maps = nn.MaxPool2d(2), maps.to(memory_format=torch.channels_last)
    use_products(nn.Sequential(layer), {})
    with torch.inference_mode():
        own = layer(maps)
    assert own.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(own, F.max_pool2d(maps, 2), rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize(
    "layer", [nn.MaxPool2d(3), nn.MaxPool2d(2, 1), nn.MaxPool2d(2, padding=1), nn.MaxPool2d(2, ceil_mode=True)]
)
def test_other_pooling_is_torchs(layer: nn.MaxPool2d) -> None:
    maps = next(draws())[:32, :1568].reshape(1, 32, 7, 224).to(memory_format=torch.channels_last)
    expected = layer(maps)
    use_products(nn.Sequential(layer), {})
    with torch.inference_mode():
        assert torch.equal(layer(maps), expected)


def test_a_convolution_of_smaller_kernels_stays_one() -> None:
    layer = nn.Conv2d(4, 7, 3)
    use_products(nn.Sequential(layer), {"0": "dense"})
    x = next(draws()).view(100, 4, 4, 40)[:, :, :, :4]
    assert torch.equal(layer(x), F.conv2d(x, layer.weight, layer.bias))
    pixel = layer(x[:, :, :3, :3])
    torch.testing.assert_close(pixel, F.conv2d(x[:, :, :3, :3], layer.weight, layer.bias), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("missing", ["operator", "processor"])
def test_without_the_operator_or_on_another_processor_dense_layers_and_tanh_are_torchs(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    if missing == "operator":
        monkeypatch.setattr(products, "_DENSE", None)
    else:
        monkeypatch.setattr(products, "processor", lambda: "Intel Xeon")
    network = build(ModelSpec(name="simple_cnn"), (1, 8, 8), 10, 0)
    assert products_of(network) == {"conv1": "patches"}
    assert products_of(build(ModelSpec(name="lenet5"), (1, 28, 28), 10, 0)) == {"conv1": "patches", "conv2": "dense"}
    x, expected = next(draws())[:, :64].view(40, 1, 8, 8), build(ModelSpec(name="simple_cnn"), (1, 8, 8), 10, 0)
    use_products(network, {"fc1": "onednn"})  # a checkpoint of another machine
    if missing == "operator":
        assert torch.equal(network(x), expected(x))


def ends(checkpoint: Checkpoint | None = None, spec: RunSpec = SPEC) -> tuple[Checkpoint, dict[str, bytes]]:
    """The state after the first epoch, and the bits at the end."""
    taken: list[Checkpoint] = []
    found: dict[str, Any] = {}
    for event in train(spec, device="cpu", threads=1, resume=[checkpoint] if checkpoint else ()):
        if isinstance(event, EpochDone):
            taken.append(event.snapshot())
        if isinstance(event, Ended):
            found = {name: array.tobytes() for name, array in event.weights().items()}
    return taken[0], found


@pytest.mark.parametrize(("model", "layer"), [("simple_cnn", "fc1"), ("keras_cnn", "conv2")])
def test_a_run_goes_on_with_the_products_that_it_began_with(
    monkeypatch: pytest.MonkeyPatch, model: str, layer: str
) -> None:
    """A checkpoint of a version without products goes on to the bits of that version."""
    spec = SPEC.with_changes({"model.name": model})
    with monkeypatch.context() as earlier:
        earlier.setattr(lane, "products_of", lambda _: {})
        old, old_bits = ends(spec=spec)
    new, new_bits = ends(spec=spec)
    assert "products" not in old.facts
    assert layer in new.facts["products"]
    assert old_bits != new_bits
    assert ends(old, spec)[1] == old_bits
    assert ends(new, spec)[1] == new_bits
    monkeypatch.setattr(products, "processor", lambda: "Intel Xeon")
    assert ends(new, spec)[1] == new_bits
