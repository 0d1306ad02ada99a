"""Augmentation: every training image of a batch is changed at random, with parameters of its own.

shift     by U(−10 %, 10 %) of each side                  (torchvision v2: RandomAffine(0, translate=(0.1, 0.1)))
flip      left to right, with probability ½               (RandomHorizontalFlip())
rotate    by U(−15°, 15°) about the centre                (RandomRotation(15))
crop      a square of U(80 %, 100 %) of the side at a random place, enlarged  (RandomResizedCrop(scale=(0.64, 1)))
erase     with probability ½, a rectangle of U(2 %, 25 %) of the area, aspect ratio 0.3 to 3.3 (RandomErasing())

Crop, flip, rotate and shift, in this order, are one affine map and one bilinear interpolation; what comes from outside
the image is background, a black pixel. Then follows erase, with background, too. Labels stay as they are: flipping
digits makes images of no class, which the advice on the Train page says.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reglab.regularizers.regularizer import Batch, Code, DataHook, Drawn, Regularizer

if TYPE_CHECKING:
    from torch import Generator, Tensor

SHIFT = 0.1
DEGREES = 15.0
SMALLEST_CROP = 0.8
ERASED = (0.02, 0.25)
ASPECT = (0.3, 3.3)

_NUMBERS = {"shift": 2, "flip": 1, "rotate": 1, "crop": 3, "erase": 5}
"""Uniform numbers that each augmentation uses for an image."""


def draw(augment: str, n: int, generator: Generator) -> Drawn:
    """Uniform numbers (n, columns) in float64: those of each augmentation side by side."""
    import torch

    columns = sum(_NUMBERS[kind] for kind in augment.split("+"))
    return (torch.rand(n, columns, generator=generator, dtype=torch.float64),)


def apply(augment: str, batch: Batch, drawn: Drawn, background: Tensor) -> Batch:
    """The batch with changed images and the same labels."""
    import torch

    (uniform,) = drawn
    kinds = augment.split("+")
    numbers = dict(zip(kinds, torch.split(uniform, [_NUMBERS[kind] for kind in kinds], dim=1), strict=True))
    x, erase = batch.images, numbers.pop("erase", None)
    if set(numbers) == {"flip"}:
        x = torch.where((numbers["flip"] < 0.5).view(-1, 1, 1, 1), x.flip(-1), x)
    elif numbers:
        x = warped(x, affine(numbers, x.shape[-2], x.shape[-1]), background)
    if erase is not None:
        x = torch.where(erased(erase, x.shape[-2], x.shape[-1])[:, None], background.to(x).view(1, -1, 1, 1), x)
    return Batch(x, batch.targets)


def affine(numbers: dict[str, Tensor], height: int, width: int) -> Tensor:
    """Matrices (N, 2, 3) from a pixel of the new image to its place in the old one, both in [−1, 1] (x, y).

    ``numbers``: the uniform numbers of each augmentation.
    """
    import torch

    first = next(iter(numbers.values()))
    matrix = torch.eye(2, dtype=first.dtype, device=first.device).repeat(len(first), 1, 1)
    offset = torch.zeros_like(matrix[:, :, 0])
    if "shift" in numbers:
        offset = -2 * SHIFT * (2 * numbers["shift"] - 1)
    if "rotate" in numbers:
        angle = math.radians(DEGREES) * (2 * numbers["rotate"][:, 0] - 1)
        cos, sin, ratio = angle.cos(), angle.sin(), height / width
        turn = torch.stack([cos, ratio * sin, -sin / ratio, cos], 1).view(-1, 2, 2)
        matrix, offset = turn @ matrix, (turn @ offset[:, :, None])[:, :, 0]
    if "flip" in numbers:
        sign = torch.stack([torch.where(numbers["flip"][:, 0] < 0.5, -1.0, 1.0), torch.ones_like(first[:, 0])], 1)
        matrix, offset = sign[:, :, None] * matrix, sign * offset
    if "crop" in numbers:
        side = SMALLEST_CROP + (1 - SMALLEST_CROP) * numbers["crop"][:, :1]
        matrix, offset = side[:, :, None] * matrix, side * offset + (1 - side) * (2 * numbers["crop"][:, 1:] - 1)
    return torch.cat([matrix, offset[:, :, None]], 2)


def warped(images: Tensor, matrices: Tensor, background: Tensor) -> Tensor:
    """The images under affine maps (N, 2, 3), bilinear, with ``background`` (C,) outside."""
    import torch
    import torch.nn.functional as F

    black = background.to(images).view(1, -1, 1, 1)
    grid = F.affine_grid(matrices.to(images), list(images.shape), align_corners=False)
    moved = F.grid_sample(images - black, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    return (moved + black).contiguous(memory_format=torch.channels_last)


def erased(uniform: Tensor, height: int, width: int) -> Tensor:
    """Which pixels (N, height, width) are erased, from uniform numbers (N, 5)."""
    import torch

    on, area, aspect, row, column = uniform.unbind(1)
    area = ERASED[0] + (ERASED[1] - ERASED[0]) * area
    low, high = (math.log(end) for end in ASPECT)
    ratio = (low + (high - low) * aspect).exp()
    rows = (height * (area * ratio).sqrt()).round().clamp(1, height)
    columns = (width * (area / ratio).sqrt()).round().clamp(1, width)
    top, left = (row * (height - rows + 1)).floor(), (column * (width - columns + 1)).floor()
    y, x = (torch.arange(side, device=uniform.device) for side in (height, width))
    inside = [
        (place >= start[:, None]) & (place < (start + size)[:, None])
        for place, start, size in ((y, top, rows), (x, left, columns))
    ]
    return inside[0][:, :, None] & inside[1][:, None, :] & (on < 0.5)[:, None, None]


def _formula(augment: str) -> str:
    return rf"x \leftarrow T(x), \quad T \sim \text{{{augment.replace('+', ', ')}}}"


_IN_TORCH = {
    "shift": "v2.RandomAffine(0, translate=(0.1, 0.1))",
    "flip": "v2.RandomHorizontalFlip()",
    "rotate": "v2.RandomRotation(15)",
    "crop": "v2.RandomResizedCrop(side, (0.64, 1), (1, 1))",
    "erase": "v2.RandomErasing(0.5, (0.02, 0.25))",
}
_IN_KERAS = {
    "shift": 'layers.RandomTranslation(0.1, 0.1, "constant")',
    "flip": 'layers.RandomFlip("horizontal")',
    "rotate": 'layers.RandomRotation(15 / 360, "constant")',
    "crop": "layers.RandomZoom((-0.2, 0.0))",
    "erase": "layers.RandomErasing(0.5, (0.02, 0.25))",
}


def _joined(several: str, calls: Mapping[str, str], augment: str) -> str:
    found = [calls[kind] for kind in augment.split("+")]
    return found[0] if len(found) == 1 else f"{several}([{', '.join(found)}])"


_TORCH = f'''\
def affine(numbers, height, width):
    """Matrices from a pixel of the new image to its place in the old one, both in [−1, 1], from uniform numbers."""
    first = next(iter(numbers.values()))
    matrix = torch.eye(2, dtype=first.dtype, device=first.device).repeat(len(first), 1, 1)
    offset = torch.zeros_like(matrix[:, :, 0])
    if "shift" in numbers:  # by up to {SHIFT:g} of each side
        offset = -2 * {SHIFT:g} * (2 * numbers["shift"] - 1)
    if "rotate" in numbers:  # by up to {DEGREES:g}°
        angle = math.radians({DEGREES:g}) * (2 * numbers["rotate"][:, 0] - 1)
        cos, sin, ratio = angle.cos(), angle.sin(), height / width
        turn = torch.stack([cos, ratio * sin, -sin / ratio, cos], 1).view(-1, 2, 2)
        matrix, offset = turn @ matrix, (turn @ offset[:, :, None])[:, :, 0]
    if "flip" in numbers:  # half of the images
        sign = torch.stack([torch.where(numbers["flip"][:, 0] < 0.5, -1.0, 1.0), torch.ones_like(first[:, 0])], 1)
        matrix, offset = sign[:, :, None] * matrix, sign * offset
    if "crop" in numbers:  # to {SMALLEST_CROP:g} to 1 of the side
        side = {SMALLEST_CROP:g} + (1 - {SMALLEST_CROP:g}) * numbers["crop"][:, :1]
        matrix, offset = side[:, :, None] * matrix, side * offset + (1 - side) * (2 * numbers["crop"][:, 1:] - 1)
    return torch.cat([matrix, offset[:, :, None]], 2)


def warped(x, matrices, black):
    """The images under affine maps, bilinear, with black outside."""
    grid = F.affine_grid(matrices.to(x), list(x.shape), align_corners=False)
    moved = F.grid_sample(x - black, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    return (moved + black).contiguous(memory_format=torch.channels_last)


def erased(uniform, height, width):
    """The pixels of a rectangle of {ERASED[0]:g} to {ERASED[1]:g} of the area, in half of the images."""
    on, area, aspect, row, column = uniform.unbind(1)
    area = {ERASED[0]:g} + ({ERASED[1]:g} - {ERASED[0]:g}) * area
    low, high = math.log({ASPECT[0]:g}), math.log({ASPECT[1]:g})
    ratio = (low + (high - low) * aspect).exp()
    rows = (height * (area * ratio).sqrt()).round().clamp(1, height)
    columns = (width * (area / ratio).sqrt()).round().clamp(1, width)
    top, left = (row * (height - rows + 1)).floor(), (column * (width - columns + 1)).floor()
    y, x = (torch.arange(side, device=uniform.device) for side in (height, width))
    in_rows = (y >= top[:, None]) & (y < (top + rows)[:, None])
    in_columns = (x >= left[:, None]) & (x < (left + columns)[:, None])
    return in_rows[:, :, None] & in_columns[:, None, :] & (on < 0.5)[:, None, None]


class Augment:
    """Random changes of every image, drawn as in the run; BLACK is a black pixel, normalised."""

    generator = torch.Generator().manual_seed(seed_for("augment"))
    uses = {_NUMBERS!r}

    def __call__(self, x):
        kinds = {{value}}.split("+")
        sizes = [self.uses[kind] for kind in kinds]
        uniform = torch.rand(len(x), sum(sizes), generator=self.generator, dtype=torch.float64).to(x.device)
        numbers, black = dict(zip(kinds, uniform.split(sizes, dim=1))), torch.tensor(BLACK).to(x).view(1, -1, 1, 1)
        erase = numbers.pop("erase", None)
        if set(numbers) == {{"flip"}}:
            x = torch.where((numbers["flip"] < 0.5).view(-1, 1, 1, 1), x.flip(-1), x)
        elif numbers:
            x = warped(x, affine(numbers, *x.shape[-2:]), black)
        if erase is not None:
            x = torch.where(erased(erase, *x.shape[-2:])[:, None], black, x)
        return x


augment = Augment()
'''.replace("'", '"')

ENTRY = Regularizer(
    name="augment",
    label="augmentation",
    order=30,
    setting="regularize.augment",
    example="shift+flip+rotate+crop+erase",
    acts="data",
    symbol="T",
    source="Simard, Steinkraus & Platt, ICDAR 2003; erase: Zhong et al., AAAI 2020",
    formula=_formula,
    meaning="Every image of a batch is changed by a random map T of its own: shift by up to 10 % of a side, flip half "
    "of the images left to right, rotate by up to 15°, crop to 80 to 100 % of the side and enlarge, erase a rectangle "
    "of 2 to 25 % of the area in half of the images.",
    torch=lambda augment: _joined("v2.Compose", _IN_TORCH, augment),
    keras=lambda augment: _joined("keras.Sequential", _IN_KERAS, augment),
    off="none",
    data=DataHook(draw, apply),
    code=Code(
        torch_definitions=_TORCH,
        torch_batch="x = augment(x)",
        keras_definitions=_TORCH,
        keras_batch="x = augment(torch.from_numpy(x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).numpy()",
    ),
)
