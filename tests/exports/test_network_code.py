"""Networks as code: what is written computes what the network does; what cannot be written is refused by name."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tests.keras_torch import keras
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from reglab.exports import ExportError
from reglab.exports.code import flat_name, flat_parameter, literal, network
from reglab.exports.keras import network_code as keras_code
from reglab.exports.pytorch import network_code as torch_code
from reglab.exports.script import Plan, templates
from reglab.models import Dropout, Shape

SHAPE: Shape = (3, 8, 10)


class Branches(nn.Module):
    """Residuals, a concatenation, sizes asked for, functions and methods."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.block = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.head = nn.Linear(16 * 4 * 5, 7)

    def forward(self, x: Tensor) -> Any:
        x = F.relu(self.stem(x))
        y = self.block(x) + 0.5 * x
        z = torch.cat([F.max_pool2d(y, 2), F.avg_pool2d(x, kernel_size=2)], dim=1)
        return self.head(z.view(z.size(0), -1))


class Residual(nn.Module):
    """What Keras has words for as well."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4, eps=1e-3, momentum=0.2)
        self.inner = nn.Sequential(OrderedDict(conv=nn.Conv2d(4, 4, 3, padding=1), act=nn.GELU()))
        self.fc = nn.Linear(4 * 4 * 5, 7)

    def forward(self, x: Tensor) -> Any:
        x = torch.relu(self.norm(self.conv1(x)))
        x = self.inner(x) * 0.5 + x + 0.25
        return self.fc(torch.tanh(x).flatten(1))


def chain(*layers: nn.Module) -> nn.Sequential:
    return nn.Sequential(OrderedDict((f"layer{i}", layer) for i, layer in enumerate(layers)))


CHAINS: dict[str, Callable[[], nn.Module]] = {
    "strides, groups, dilation": lambda: chain(
        nn.Conv2d(3, 6, 3, stride=2, padding=1, groups=3), nn.ELU(), nn.Conv2d(6, 4, 3, padding=2, dilation=2),
        nn.Flatten(), nn.Linear(80, 7),
    ),
    "not square": lambda: chain(
        nn.Conv2d(3, 5, (3, 5), padding=(1, 2)), nn.LeakyReLU(0.1), nn.MaxPool2d((2, 5)), nn.AvgPool2d(2, stride=1),
        nn.Flatten(), nn.Linear(15, 7, bias=False),
    ),
    "padded pooling behind a ReLU": lambda: chain(
        nn.Conv2d(3, 5, 3), nn.ReLU(), nn.MaxPool2d(3, 2, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(5, 7),
    ),
    "more padding than the kernel needs": lambda: chain(
        nn.Conv2d(3, 5, 3, padding=(3, 0)), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(5, 7)
    ),
    "norms of every kind": lambda: chain(
        nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5, affine=False), nn.Sigmoid(), nn.Identity(), Dropout(0.0),
        nn.Flatten(), nn.Linear(240, 9), nn.BatchNorm1d(9, eps=1e-2), nn.Tanh(), nn.Linear(9, 7),
    ),
}  # fmt: skip
TORCH_ONLY: dict[str, Callable[[], nn.Module]] = {
    "branches": Branches,
    "layers that Keras lacks here": lambda: chain(
        nn.Conv2d(3, 6, 3, padding_mode="reflect", padding=1), nn.GroupNorm(2, 6), nn.PReLU(6), nn.Hardswish(),
        nn.AvgPool2d(2, padding=1, count_include_pad=False), nn.Dropout(0.2), nn.Softplus(beta=2),
        nn.AdaptiveAvgPool2d((2, 3)), nn.Flatten(), nn.LayerNorm(36, eps=1e-3), nn.Linear(36, 7),
    ),
}  # fmt: skip


def settled(model: nn.Module) -> nn.Module:
    """``model`` with weights and running statistics that are no layer's defaults, in eval mode."""
    generator = torch.Generator().manual_seed(5)
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand(tensor.shape, generator=generator) * 0.4 + ("var" in name) - 0.2)
    return model.eval()


def network_block(name: str, **context: Any) -> str:
    """The part of a script that makes the network and, in Keras, loads its initial weights."""
    template = templates().get_template(f"{name}.py.j2")
    block = template.blocks["network"](
        template.new_context({"plan": Plan((), "coupled", "none"), "helpers": [], **context})
    )
    return "def seed_for(*_):\n    return 0\n\n\n" + "".join(block)


def no_penalty(_layer: str, _variables: Mapping[str, str]) -> list[str]:
    return []


def images() -> Tensor:
    return torch.randn(4, *SHAPE, generator=torch.Generator().manual_seed(7))


@pytest.mark.parametrize("make", [*CHAINS.values(), Residual, *TORCH_ONLY.values()])
def test_pytorch_code_computes_what_the_network_does(make: Callable[[], nn.Module]) -> None:
    model = settled(make())
    names: dict[str, Any] = {"nn": nn, "F": F, "torch": torch, "OrderedDict": OrderedDict}
    graph = network(model, SHAPE)
    code = torch_code(graph)
    exec(network_block("pytorch", network=code, network_is_chain=graph.is_chain, device="cpu"), names)
    again: nn.Module = names["make_model"]()
    rename = str if isinstance(model, nn.Sequential) else flat_parameter
    again.load_state_dict({rename(name): tensor for name, tensor in model.state_dict().items()})
    assert torch.equal(again.eval()(images()), model(images()))
    assert [*map(repr, again.modules())].count("") == 0


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own set_weights
@pytest.mark.parametrize("make", [*CHAINS.values(), Residual])
def test_keras_code_computes_what_the_network_does(make: Callable[[], nn.Module]) -> None:
    model = settled(make())
    arrays = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    names: dict[str, Any] = {"keras": keras, "layers": keras.layers, "load_file": lambda _: arrays, "INITIAL": None}
    code = keras_code(network(model, SHAPE), no_penalty)
    exec(network_block("keras", network=code, place="none"), names)
    again = names["make_model"]()
    names["load_initial"](again)
    theirs = again.predict(images().permute(0, 2, 3, 1).numpy(), verbose=0)
    np.testing.assert_allclose(theirs, model(images()).detach().numpy(), atol=2e-5)


class Own(nn.Module):
    def __init__(self, act: Callable[[Any], Any]) -> None:
        super().__init__()
        self.conv, self.act = nn.Conv2d(3, 4, 3), act

    def forward(self, x: Tensor) -> Any:
        return self.act(self.conv(x))


class Unused(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.other = nn.Conv2d(3, 4, 3), nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Any:
        return self.conv(x)


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Any:
        return self.conv(self.conv(x))


class OwnWeight(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.scale = nn.Conv2d(3, 4, 3), nn.Parameter(torch.ones(4, 1, 1))

    def forward(self, x: Tensor) -> Any:
        return self.conv(x) * self.scale


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: Own(lambda x: F.dropout(x, 0.5, training=True)), "dropout"),
        (lambda: Own(lambda x: x if x.sum() > 0 else -x), "Own"),
        (lambda: Own(lambda x: x.to(torch.float32)), "dtype"),
        (Unused, "other.weight"),
        (OwnWeight, "scale"),
        (lambda: chain(nn.Conv2d(3, 4, 3), weight_norm(nn.Conv2d(4, 4, 3))), "ParametrizedConv2d"),
    ],
)
def test_what_cannot_be_written_in_pytorch_is_named(make: Callable[[], nn.Module], word: str) -> None:
    with pytest.raises(ExportError, match=word):
        torch_code(network(make(), SHAPE))


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (Branches, "mul"),
        (lambda: chain(nn.Conv2d(3, 6, 3), nn.GroupNorm(2, 6)), "GroupNorm"),
        (lambda: chain(nn.MaxPool2d(3, padding=1)), "MaxPool2d"),
        (lambda: chain(nn.AdaptiveAvgPool2d(2)), "AdaptiveAvgPool2d"),
        (lambda: chain(nn.Conv2d(3, 6, 3, padding=1, padding_mode="reflect")), "reflect"),
        (Twice, "conv of this CNN is called twice"),
    ],
)
def test_what_cannot_be_written_in_keras_is_named(make: Callable[[], nn.Module], word: str) -> None:
    model = make()
    with pytest.raises(ExportError, match=word):
        keras_code(network(model, SHAPE), no_penalty)


def test_recording_a_network_leaves_it_and_the_process_as_they_were() -> None:
    """torch.fx's own tracer would replace nn.Module.__call__ beside runs that are training."""
    model, before = settled(Branches()), (nn.Module.__call__, nn.Module.__getattr__, torch.get_rng_state())
    seen: list[bool] = []
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    handle = nn.modules.module.register_module_forward_hook(lambda *_: seen.append(nn.Module.__call__ is before[0]))
    torch_code(network(model, SHAPE))
    handle.remove()
    assert seen
    assert all(seen)
    assert nn.Module.__getattr__ is before[1]
    assert torch.equal(torch.get_rng_state(), before[2])
    assert all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())
    assert not model.training


def test_literals_and_names() -> None:
    assert literal('a "b" \\') == '"a \\"b\\" \\\\"'
    assert eval(literal((1, 2.5, None, True, float("inf"), "x"))) == (1, 2.5, None, True, float("inf"), "x")
    assert flat_name("layer1.0.conv1") == "layer1_0_conv1"
    with pytest.raises(ExportError, match="dtype"):
        literal(torch.float32)
