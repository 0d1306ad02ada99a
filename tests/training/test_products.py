"""Products in the place of layers: equal to torch's layers but for rounding, recorded, and kept on resume."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from reglab import RunSpec, train
from reglab.events import Checkpoint, Ended, EpochDone
from reglab.models import build
from reglab.spec import ModelSpec
from reglab.training import lane, products
from reglab.training.products import patch_product, products_of, use_products

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
    [("simple_cnn", {"conv1": "patches", "fc1": "onednn"}), ("keras_cnn", {"conv1": "patches"}), ("dense_784", {})],
)
def test_first_convolutions_and_large_dense_layers_are_products(model: str, expected: dict[str, str]) -> None:
    network = build(ModelSpec(name=model), (1, 8, 8), 10, 0)
    assert products_of(network) == expected
    assert products_of(network.double()) == {}


@pytest.mark.parametrize("missing", ["operator", "processor"])
def test_without_the_operator_or_on_another_processor_dense_layers_are_torchs(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    if missing == "operator":
        monkeypatch.setattr(products, "_DENSE", None)
    else:
        monkeypatch.setattr(products, "processor", lambda: "Intel Xeon")
    network = build(ModelSpec(name="simple_cnn"), (1, 8, 8), 10, 0)
    assert products_of(network) == {"conv1": "patches"}
    x, expected = next(draws())[:, :64].view(40, 1, 8, 8), build(ModelSpec(name="simple_cnn"), (1, 8, 8), 10, 0)
    use_products(network, {"fc1": "onednn"})  # a checkpoint of another machine
    if missing == "operator":
        assert torch.equal(network(x), expected(x))


def ends(checkpoint: Checkpoint | None = None) -> tuple[Checkpoint, dict[str, bytes]]:
    """The state after the first epoch, and the bits at the end."""
    taken: list[Checkpoint] = []
    found: dict[str, Any] = {}
    for event in train(SPEC, device="cpu", threads=1, resume=[checkpoint] if checkpoint else ()):
        if isinstance(event, EpochDone):
            taken.append(event.snapshot())
        if isinstance(event, Ended):
            found = {name: array.tobytes() for name, array in event.weights().items()}
    return taken[0], found


def test_a_run_goes_on_with_the_products_that_it_began_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint of a version without products goes on to the bits of that version."""
    with monkeypatch.context() as earlier:
        earlier.setattr(lane, "products_of", lambda _: {})
        old, old_bits = ends()
    new, new_bits = ends()
    assert "products" not in old.facts
    assert new.facts["products"]["fc1"] == "onednn"
    assert old_bits != new_bits
    assert ends(old)[1] == old_bits
    assert ends(new)[1] == new_bits
    monkeypatch.setattr(products, "processor", lambda: "Intel Xeon")
    assert ends(new)[1] == new_bits
