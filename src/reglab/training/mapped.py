"""Images that are normalised batch by batch, where a copy of all of them would take too much memory.

Their pixels stay as they are in the data set, a quarter as large and, where they are mapped from a file, shared by all
processes and given up first when memory is short. Every batch has the bits and the memory layout that it has when it
is taken from a copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import torch
from torch import Tensor

from reglab.datasets import NormalisedImages, normalise
from reglab.machine import available_memory

COPIED = 2**30
"""Bytes of normalised training and validation images that are copied, if they are an eighth of the memory at most."""

_BYTES = 256  # values of a byte


@dataclass(frozen=True, eq=False)
class MappedImages:
    """Images (n, C, H, W) of ``dtype`` on ``device``, channels last; ``gathered`` ones are :func:`rows` of others.

    ``table`` (C, 256): what bytes become, on a device that divides with other bits than a CPU.
    """

    source: NormalisedImages
    dtype: torch.dtype
    device: torch.device
    table: Tensor | None = None
    gathered: bool = False

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, part: slice) -> Tensor:
        if self.gathered:
            return _channels_last(self._rows(part))
        return self._rows(part).contiguous(memory_format=torch.channels_last)

    def rows(self, index: Tensor) -> Tensor:
        """Images ``index``, as :func:`rows` of a tensor gives them."""
        return _channels_last(self._rows(index))

    def gather(self, index: Tensor) -> MappedImages:
        """Images ``index``, still to be normalised."""
        return replace(self, source=replace(self.source, index=self.source.index[index]), gathered=True)

    def _rows(self, places: Tensor | slice) -> Tensor:
        source = self.source
        if self.table is None:
            return source.rows(places).to(self.dtype)
        return _looked_up(source.pixels.index_select(0, source.index[places]), self.table).to(self.dtype)


Images: TypeAlias = Tensor | MappedImages
"""Images N×C×H×W in channels-last memory: a copy, or made batch by batch."""


def rows(images: Images, index: Tensor) -> Tensor:
    """``images[index]``, channels last like ``images``."""
    if isinstance(images, MappedImages):
        return images.rows(index)
    return images.permute(0, 2, 3, 1).index_select(0, index).permute(0, 3, 1, 2)


def gathered(images: Images, index: Tensor) -> Images:
    """:func:`rows` for the whole run: a copy where ``images`` are one."""
    return images.gather(index) if isinstance(images, MappedImages) else rows(images, index)


def are_mapped(sources: Sequence[NormalisedImages], dtype: torch.dtype, device: torch.device) -> bool:
    """Whether copies of all ``sources`` would be too large: on a GPU, than half of its free memory.

    There, images with input noise are copied in any case: their noise is made on a CPU.
    """
    size = sum(len(source) * source.numbers for source in sources) * dtype.itemsize
    if device.type == "cuda":
        return not any(source.sigma for source in sources) and size > torch.cuda.mem_get_info(device)[0] // 2
    return size > COPIED or size > available_memory() // 8


def copied(source: NormalisedImages, dtype: torch.dtype, device: torch.device) -> Tensor:
    """All images on ``device``; beside them, only some at a time are in memory."""
    shape = (len(source), *source.pixels.shape[1:])
    plain = torch.empty(shape, dtype=dtype, device="meta").is_contiguous(memory_format=torch.channels_last)
    layout = torch.contiguous_format if plain else torch.channels_last
    return source.copy_into(torch.empty(shape, dtype=dtype, device=device, memory_format=layout))


def mapped(source: NormalisedImages, dtype: torch.dtype, device: torch.device) -> MappedImages:
    """The images, normalised when they are taken. A GPU has a copy of the pixels, and takes bytes from a table."""
    return MappedImages(source, dtype, device) if device.type == "cpu" else on_device(source, dtype, device)


def on_device(source: NormalisedImages, dtype: torch.dtype, device: torch.device) -> MappedImages:
    """The images, with their pixels copied to ``device``."""
    pixels = torch.empty(len(source), *source.pixels.shape[1:], dtype=source.pixels.dtype, device=device)
    for part in source.parts():
        pixels[part] = source.pixels.index_select(0, source.index[part]).to(device)
    table = None if pixels.is_floating_point() else _table(source).to(device)
    places = torch.arange(len(source), device=device)
    return MappedImages(
        NormalisedImages(pixels, places, source.mean.to(device), source.std.to(device)), dtype, device, table
    )


def _channels_last(images: Tensor) -> Tensor:
    """A copy; ``contiguous`` would make none of images of one channel, and leave them another layout."""
    laid = images.permute(0, 2, 3, 1)
    return laid.new_empty(laid.shape).copy_(laid).permute(0, 3, 1, 2)


def _table(source: NormalisedImages) -> Tensor:
    """(C, 256): what each byte becomes in each channel."""
    every = torch.arange(_BYTES, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, len(source.mean), 1, 1)
    return normalise(every.clone(), source.mean, source.std)[:, :, 0, 0].T.contiguous()


def _looked_up(pixels: Tensor, table: Tensor) -> Tensor:
    """Normalised ``pixels`` (m, C, H, W), bytes, from the ``table`` (C, 256) on their device."""
    first = torch.arange(0, table.numel(), _BYTES, device=table.device)[:, None, None]
    return table.take(pixels.long() + first)
