"""(x − mean)/std in float32, of images of a data set that are read when they are asked for.

x lies in [0, 1]: bytes are divided by 255 first. Every element is computed by itself, so that images come out with the
same bits in whatever parts they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from reglab.datasets.input_noise import add_noise

if TYPE_CHECKING:
    from torch import Tensor

_NUMBERS = 2**22  # that are normalised at a time: 1,024 images of 32 × 32 pixels in colour, and some


@dataclass(frozen=True, eq=False)
class NormalisedImages:
    """Images ``index`` (n,) of ``pixels`` (N, C, H, W), uint8 or float32 in [0, 1], by ``mean`` and ``std`` (C,).

    ``pixels`` are those of the data set, shared by all and perhaps mapped from a file; here they are only read.
    ``sigma`` and ``seed`` are those of their input noise (:mod:`reglab.datasets.input_noise`).
    """

    pixels: Tensor
    index: Tensor
    mean: Tensor
    std: Tensor
    sigma: float = 0.0
    seed: int = 0

    def __len__(self) -> int:
        return len(self.index)

    @property
    def numbers(self) -> int:
        """C·H·W of an image."""
        return self.pixels.shape[1:].numel()

    def rows(self, places: Tensor | slice) -> Tensor:
        """Images at ``places`` of ``index``, contiguous (m, C, H, W) in memory of their own."""
        index = self.index[places]
        own = unit(self.pixels.index_select(0, index))
        if self.sigma:
            add_noise(own.numpy(), index.numpy(), self.sigma, self.seed)
        return normalise(own, self.mean, self.std)

    def parts(self) -> Iterator[slice]:
        """All images in parts that take little memory."""
        size = max(1, _NUMBERS // self.numbers)
        return (slice(start, min(start + size, len(self))) for start in range(0, len(self), size))

    def copy_into(self, made: Tensor) -> Tensor:
        """``made`` (n, C, H, W) of any type, layout and device, filled with all images."""
        for part in self.parts():
            made[part] = self.rows(part).to(made)
        return made

    def all(self) -> Tensor:
        """Every image, contiguous (n, C, H, W) in memory of their own."""
        return self.copy_into(self.mean.new_empty(len(self), *self.pixels.shape[1:]))


def normalise(own: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """``own`` images, which nobody else has, in place if they are float32."""
    return unit(own).sub_(mean[:, None, None]).div_(std[:, None, None])


def unit(own: Tensor) -> Tensor:
    """``own`` images as float32 in [0, 1]; those that are so already are given back."""
    return own if own.is_floating_point() else own.float().div_(255)


def normalised(pixels: NDArray[Any], mean: Tensor, std: Tensor) -> Tensor:
    """Images (n, C, H, W), uint8 or float32 in [0, 1], like those of a split."""
    import torch  # slow to load: a list of runs needs the entries of the registry only

    return normalise(torch.from_numpy(pixels.copy()), mean, std)
