"""Products in the place of layers, where they are faster.

onednn    on AMD, a large dense layer by oneDNN, forward and backward: torch's own product is MKL's, at half the speed;
          and tanh of many numbers: torch's is MKL's too and takes four times as long (on Intel, a fourteenth)
dense     a convolution of kernels as large as its maps, which has one pixel, as the dense layer that it is
patches   in fused lanes, a convolution of one channel as patchesᵀ·w for patches (k·k + 1, N·H·W) with a row of ones for
          the bias, from 16×16 pixels on; a run alone computes it as a convolution, which is as fast there

They round differently from torch's layers, so a run records them by layer, keeps them when it resumes, and checkpoints
that record none go on with torch's layers. Which layers take one follows from the CNN, the sizes and the processor
alone and not from a timing, so that a run repeats to the same bits. Semi-private (torch 2.13):
``mkldnn._linear_pointwise``. Max-pooling without a gradient is two maxima in every run: nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MethodType
from typing import Any, Literal, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from reglab.machine import processor

Product: TypeAlias = Literal["patches", "onednn", "dense"]
Products: TypeAlias = Mapping[str, Product]
"""Name of a layer → the product that computes it."""

_PIXELS = 16 * 16  # of an image from which patches are faster
_LARGE = 2**17  # weights of a dense layer from which oneDNN is faster: at 50,000 there is nothing in it
_CHANNELS = 32  # of maps whose maxima are faster than their pooling
_MANY = 2**15  # numbers from which tanh by oneDNN is faster, although it copies them twice


def products_of(model: nn.Module) -> dict[str, Product]:
    """The layers of ``model`` that can be faster as a product: none on a GPU and in float64."""
    first = next(model.parameters(), None)
    if first is None or first.device.type != "cpu" or first.dtype != torch.float32:
        return {}
    found: dict[str, Product] = {}
    for name, layer in model.named_modules():
        if type(layer) is nn.Conv2d and has_one_channel(layer):
            found[name] = "patches"
        elif type(layer) is nn.Conv2d and _is_plain(layer) and layer.padding == (0, 0):
            found[name] = "dense"
        if has_onednn() and (type(layer) is nn.Tanh or (type(layer) is nn.Linear and layer.weight.numel() >= _LARGE)):
            found[name] = "onednn"
    return found


def use_products(model: nn.Module, products: Products) -> None:
    """Let these layers be computed as products in a run alone, and all others by torch."""
    for name, layer in model.named_modules():
        vars(layer).pop("forward", None)
        forward = _FORWARD.get((type(layer), products.get(name)))
        if forward is not None:
            vars(layer)["forward"] = MethodType(forward, layer)


def has_patches(products: Products, name: str, images: Tensor) -> bool:
    """Whether fused lanes compute the convolution ``name`` of shared ``images`` as a product of patches."""
    return products.get(name) == "patches" and images.shape[2] * images.shape[3] >= _PIXELS


def has_one_pixel(products: Products, name: str, layer: nn.Conv2d, maps: Tensor) -> bool:
    """Whether the convolution ``name`` of ``maps`` is computed as a dense layer."""
    return products.get(name) == "dense" and maps.shape[2:] == layer.kernel_size


def has_one_channel(layer: nn.Conv2d) -> bool:
    """Whether it is a plain convolution of one channel."""
    return layer.in_channels == 1 and _is_plain(layer)


def _is_plain(layer: nn.Conv2d) -> bool:
    given = layer.padding_mode == "zeros" and not isinstance(layer.padding, str)
    return layer.groups == 1 and layer.dilation == (1, 1) and given


def has_onednn() -> bool:
    """Whether torch has oneDNN's operators, and MKL is slower than they are."""
    return _DENSE is not None and "AMD" in processor()


def patch_product(layer: nn.Conv2d, images: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """The convolution of images (N, 1, H, W) with ``weight`` (O, 1, k, k), (N, O, H', W') in channels-last memory.

    ``layer`` gives stride and padding; ``weight`` may be that of several lanes, one below the other.
    """
    (rows, columns), (down, right) = layer.kernel_size, layer.stride
    up, left = (int(side) for side in layer.padding)
    padded = F.pad(images[:, 0], (left, left, up, up)) if up or left else images[:, 0]
    windows = padded.unfold(1, rows, down).unfold(2, columns, right)  # (N, H', W', k, k)
    n, height, width = windows.shape[:3]
    patches = images.new_empty(rows * columns + 1, n * height * width)
    patches[:-1].view(rows, columns, n, height, width).copy_(windows.permute(3, 4, 0, 1, 2))
    patches[-1] = 1
    shift = weight.new_zeros(len(weight), 1) if bias is None else bias[:, None]
    product: Tensor = _PatchProduct.apply(patches, torch.cat([weight.flatten(1), shift], 1))  # type: ignore[no-untyped-call]
    return product.view(n, height, width, -1).permute(0, 3, 1, 2)


def dense_convolution(maps: Tensor, weights: Tensor, biases: Tensor | None) -> Tensor:
    """K convolutions of maps (N, K·C, h, w) with weights (K, O, C, h, w) and biases (K, O), (N, K·O, 1, 1).

    With channels last, a lane's pixels and weights are in the same order in memory, and K = 1 copies neither.
    """
    (n, channels, *_), lanes = maps.shape, len(weights)
    units = maps.permute(0, 2, 3, 1).reshape(n, -1, lanes, channels // lanes).permute(2, 0, 1, 3).flatten(2)
    matrices = weights.permute(0, 1, 3, 4, 2).flatten(2)
    if lanes == 1:
        return F.linear(units[0], matrices[0], None if biases is None else biases[0])[:, :, None, None]
    product = matrices.transpose(1, 2)
    made = units @ product if biases is None else torch.baddbmm(biases[:, None], units, product)
    return made.transpose(0, 1).reshape(n, -1, 1, 1)


class _PatchProduct(torch.autograd.Function):
    """pᵀ·wᵀ (M, O) of patches p (k, M) and weights (O, k); patches have no gradient."""

    @staticmethod
    def forward(ctx: Any, patches: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(patches)
        return patches.t() @ weight.t()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, Tensor]:
        [patches] = ctx.saved_tensors
        return None, _product(patches, gradient).t()


class _Dense(torch.autograd.Function):
    """x·wᵀ + b (N, O) by oneDNN, for x (N, F), weights (O, F) and a bias (O,) or none."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return _onednn(x, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor | None]:
        x, weight = ctx.saved_tensors
        of_x = _onednn(gradient, weight.t(), None) if ctx.needs_input_grad[0] else None
        of_bias = gradient.sum(0) if ctx.needs_input_grad[2] else None
        return of_x, _onednn(gradient.t(), x.t(), None), of_bias


class _Tanh(torch.autograd.Function):
    """tanh(x) by oneDNN, in the memory layout of x; its relative error is 1e-7, as torch's is."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        order = sorted(range(x.ndim), key=x.stride().__getitem__, reverse=True)
        laid = x.permute(order)  # as it lies in memory
        made = laid.reshape(-1).to_mkldnn().tanh().to_dense().view(laid.shape)
        result = made.permute([order.index(axis) for axis in range(x.ndim)])
        ctx.save_for_backward(result)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        [result] = ctx.saved_tensors
        made: Tensor = torch.ops.aten.tanh_backward(gradient, result)
        return made


def _product(left: Tensor, right: Tensor) -> Tensor:
    """left·right, by oneDNN where that is faster."""
    fits = left.dtype == torch.float32 and left.device.type == "cpu" and has_onednn()
    return _onednn(left, right.t(), None) if fits else left @ right


def _onednn(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    made: Tensor = _DENSE(x, weight, bias, "none", [], "")
    return made


_DENSE: Any = getattr(torch.ops.mkldnn, "_linear_pointwise", None)


_HAS_TANH: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]


def _forward_dense(layer: nn.Linear, x: Tensor) -> Tensor:
    if x.device.type != "cpu" or x.ndim != 2 or _DENSE is None:
        return nn.Linear.forward(layer, x)
    made: Tensor = _Dense.apply(x, layer.weight, layer.bias)  # type: ignore[no-untyped-call]
    return made


def _forward_tanh(layer: nn.Tanh, x: Tensor) -> Tensor:
    if x.device.type != "cpu" or x.numel() < _MANY or not _HAS_TANH:
        return nn.Tanh.forward(layer, x)
    made: Tensor = _Tanh.apply(x)  # type: ignore[no-untyped-call]
    return made


def _forward_convolution(layer: nn.Conv2d, maps: Tensor) -> Tensor:
    if maps.shape[2:] != layer.kernel_size:
        return nn.Conv2d.forward(layer, maps)
    return dense_convolution(maps, layer.weight[None], None if layer.bias is None else layer.bias[None])


def _forward_pool(layer: nn.MaxPool2d, maps: Tensor) -> Tensor:
    """In channels-last memory, two maxima take a third of the time of torch's pooling, which keeps indices."""
    laid = maps.is_contiguous(memory_format=torch.channels_last) and maps.shape[1] >= _CHANNELS
    if torch.is_grad_enabled() or maps.device.type != "cpu" or not laid or not _halves(layer):
        pooled: Tensor = nn.MaxPool2d.forward(layer, maps)
        return pooled
    even = maps[:, :, : maps.shape[2] // 2 * 2, : maps.shape[3] // 2 * 2]
    rows = torch.maximum(even[:, :, ::2], even[:, :, 1::2])
    return torch.maximum(rows[:, :, :, ::2], rows[:, :, :, 1::2])


def _halves(layer: nn.MaxPool2d) -> bool:
    """Whether it pools 2×2 pixels to one and drops an odd row or column."""
    sizes = (layer.kernel_size, layer.stride, layer.padding, layer.dilation)
    square = all(size in (number, (number, number)) for size, number in zip(sizes, (2, 2, 0, 1), strict=True))
    return square and not layer.ceil_mode and not layer.return_indices


_FORWARD: Mapping[tuple[type[nn.Module], Product | None], Callable[[Any, Tensor], Tensor]] = {
    (nn.Linear, "onednn"): _forward_dense,
    (nn.Tanh, "onednn"): _forward_tanh,
    (nn.Conv2d, "dense"): _forward_convolution,
    (nn.MaxPool2d, None): _forward_pool,
}
