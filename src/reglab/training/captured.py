"""A step of fused lanes as a CUDA graph: hundreds of small kernels are launched as one.

The first step of each batch size runs eagerly, which also makes the optimizer's moments; the second is captured. The
batch's image indices are a tensor at a fixed address; the dropout generator is registered with the graph, so that a
replay draws what the step would have drawn. η is a double-precision constant of the graph (a tensor that torch's fused
optimizers would read has single precision), so a new η makes a new graph.
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
    """``compute(batch)``, replayed from a graph from the third call with a batch size on."""

    compute: Callable[[Tensor], None]
    generator: torch.Generator
    rate: Callable[[], float]
    _rate: float | None = None
    _seen: set[int] = field(default_factory=set)
    _graphs: dict[int, tuple[torch.cuda.CUDAGraph, Tensor]] = field(default_factory=dict)

    def __call__(self, batch: Tensor) -> None:
        size = len(batch)
        if size not in self._seen:
            self._seen.add(size)
            self.compute(batch)
            return
        if self._rate != self.rate():
            self._graphs.clear()
            self._rate = self.rate()
        if size not in self._graphs:
            self._graphs[size] = self._capture(batch.clone())
        graph, place = self._graphs[size]
        place.copy_(batch)
        graph.replay()

    def _capture(self, place: Tensor) -> tuple[torch.cuda.CUDAGraph, Tensor]:
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self.generator)
        with _no_garbage(), torch.cuda.graph(graph, capture_error_mode="thread_local"):  # other threads may use the GPU
            self.compute(place)
        return graph, place


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Collect garbage now and not in the block: freeing an earlier graph there would end the capture."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
