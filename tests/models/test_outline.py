"""A network's outline gives the shapes of the network itself, and views where that gives views."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from reglab.models import MODELS, Shape, build
from reglab.models.outline import outline
from reglab.spec import ModelSpec

Row = tuple[str, tuple[int, ...], torch.dtype, bool]


def rows(model: nn.Module, shape: Shape, dtype: torch.dtype = torch.float32) -> list[Row]:
    """What each layer gives for two images: name, shape, type, and whether it is a view of its input."""
    found: list[Row] = []

    def note(name: str, _layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        view = output is inputs[0] or output._is_view()
        found.append((name, tuple(output.shape), output.dtype, view))

    for name, layer in model.named_modules():
        if not any(layer.children()):
            layer.register_forward_hook(partial(note, name))
    with torch.no_grad():
        model(torch.zeros(2, *shape, dtype=dtype))
    return found


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 28, 28)])
@pytest.mark.parametrize("name", MODELS.names())
def test_every_layer_of_a_cnn_has_the_shapes_of_its_outline(name: str, shape: Shape) -> None:
    if min(shape[1:]) < MODELS.get(name).min_side:
        pytest.skip("too small for this CNN")
    model = build(ModelSpec(name=name), shape, 10, 0).eval()
    assert rows(outline(model), shape) == rows(model, shape)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_it_has_the_type_of_its_network(dtype: torch.dtype) -> None:
    model = build(ModelSpec(name="small_cnn"), (1, 8, 8), 10, 0).to(dtype).eval()
    assert rows(outline(model), (1, 8, 8), dtype) == rows(model, (1, 8, 8), dtype)


@settings(max_examples=60)
@given(st.data())
def test_a_convolution_has_the_sides_of_torchs(data: st.DataObject) -> None:
    kernel, stride, padding, dilation = (
        data.draw(st.tuples(st.integers(low, high), st.integers(low, high)))
        for low, high in ((1, 4), (1, 3), (0, 2), (1, 2))
    )
    height, width = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    layer = nn.Conv2d(2, 4, kernel, stride, padding, dilation, groups=data.draw(st.sampled_from([1, 2])))
    maps = torch.zeros(3, 2, height, width)
    try:
        expected = layer(maps).shape
    except RuntimeError:  # the kernel is larger than the maps
        with pytest.raises(RuntimeError, match="too small"):
            outline(layer)(maps)
    else:
        assume(expected.numel())
        assert outline(layer)(maps).shape == expected


@pytest.mark.parametrize("layer", [nn.Linear(3, 2), nn.Conv2d(3, 2, 1)])
def test_a_wrong_input_is_refused_as_by_torch(layer: nn.Module) -> None:
    wrong = torch.zeros(1, 4) if isinstance(layer, nn.Linear) else torch.zeros(1, 4, 5, 5)
    for each in (layer, outline(layer)):
        with pytest.raises(RuntimeError):
            each(wrong)


def test_a_convolution_that_pads_by_itself_computes() -> None:
    for layer in (nn.Conv2d(1, 2, 3, padding="same"), nn.Conv2d(1, 2, 3, padding=1, padding_mode="reflect")):
        assert rows(outline(layer), (1, 5, 5)) == rows(layer, (1, 5, 5))


def test_numbers_of_the_network_are_not_copied() -> None:
    model = nn.Linear(50_000, 50_000, device="meta")  # 10 GB of weights
    assert outline(model)(torch.zeros(1, 50_000)).shape == (1, 50_000)
    assert all(tensor.untyped_storage().nbytes() == 4 for tensor in outline(model).parameters())
