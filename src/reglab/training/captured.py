"""A step of fused lanes as a CUDA graph: hundreds of small kernels are launched as one.

The first step of each batch size runs eagerly, which also makes the optimizer's moments; the second is captured. The
batch's image indices, and the numbers that its regularizers drew, are tensors at fixed addresses; the dropout generator
is registered with the graph, so that a replay draws what the step would have drawn. η is a double-precision constant of
the graph (a tensor that torch's fused optimizers would read has single precision), so a new η makes a new graph.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass
class Captured:
    """``compute(batch, *drawn)``, replayed from a graph from the third call with a batch size on."""

    compute: Callable[..., None]
    generator: torch.Generator
    rate: Callable[[], float]
    _rate: float | None = None
    _seen: set[int] = field(default_factory=set)
    _graphs: dict[int, tuple[torch.cuda.CUDAGraph, tuple[Tensor, ...]]] = field(default_factory=dict)

    def __call__(self, batch: Tensor, *drawn: Tensor) -> None:
        size, inputs = len(batch), (batch, *drawn)
        if size not in self._seen:
            self._seen.add(size)
            self.compute(*inputs)
            return
        if self._rate != self.rate():
            self._graphs.clear()
            self._rate = self.rate()
        if size not in self._graphs:
            self._graphs[size] = self._capture(tuple(tensor.clone() for tensor in inputs))
        graph, places = self._graphs[size]
        for place, tensor in zip(places, inputs, strict=True):
            place.copy_(tensor)
        graph.replay()

    def _capture(self, places: tuple[Tensor, ...]) -> tuple[torch.cuda.CUDAGraph, tuple[Tensor, ...]]:
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self.generator)
        with _no_garbage(), torch.cuda.graph(graph, capture_error_mode="thread_local"):  # other threads may use the GPU
            self.compute(*places)
        return graph, places


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Collect garbage now and not in the block: freeing an earlier graph there would end the capture."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
