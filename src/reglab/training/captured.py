"""A step of a stack as a CUDA graph: hundreds of small kernels are launched as one, once a batch size has been seen.

The first step of each batch size runs as usual, which also makes the optimizer's moments; the second is captured. The
batch's image numbers and η are tensors that keep their place; the dropout generator is registered with the graph, so
that each replay draws what the step would have drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass
class Captured:
    """``compute(batch)``, replayed from a graph from the third call with a batch size on."""

    compute: Callable[[Tensor], None]
    generator: torch.Generator
    _seen: set[int] = field(default_factory=set)
    _graphs: dict[int, tuple[torch.cuda.CUDAGraph, Tensor]] = field(default_factory=dict)

    def __call__(self, batch: Tensor) -> None:
        """One step on the images ``batch``."""
        size = len(batch)
        if size not in self._seen:
            self._seen.add(size)
            self.compute(batch)
            return
        if size not in self._graphs:
            self._graphs[size] = self._capture(batch.clone())
        graph, place = self._graphs[size]
        place.copy_(batch)
        graph.replay()

    def _capture(self, place: Tensor) -> tuple[torch.cuda.CUDAGraph, Tensor]:
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self.generator)
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):  # other threads may use the GPU
            self.compute(place)
        return graph, place
