"""A process that trains on request: a line of JSON with a spec in, a line of JSON with times and losses out.

``python -m tests.benchmarks.training_child ours|bare|plain``. "ours" is :func:`reglab.train`, "bare" the same without
the statistics of the kernels (norms, histograms), "plain" the loop of :mod:`tests.training.plain_loop`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from tests.training.plain_loop import plain_train

from reglab import RunSpec, train
from reglab.events import EpochDone
from reglab.training.lane import Lane

LOSSES = ("train_loss", "val_loss", "running_loss", "total")
Figures = list[list[float]]


def ours(spec: RunSpec) -> Figures:
    """The losses of every epoch of our loop."""
    events = train(spec, device="cpu", threads=1, folder=Path())
    return _losses([event.metrics for event in events if isinstance(event, EpochDone)])


def bare(spec: RunSpec) -> Figures:
    """The same without looking at the weights."""
    layers, Lane.layers = Lane.layers, lambda lane, mean_gradients=None: ()  # type: ignore[assignment, method-assign]
    try:
        return ours(spec)
    finally:
        Lane.layers = layers  # type: ignore[method-assign]


def plain(spec: RunSpec) -> Figures:
    """The losses of every epoch of the plain loop."""
    return _losses(list(plain_train(spec, Path())))


def _losses(epochs: Sequence[object]) -> Figures:
    return [[float(getattr(epoch, name)) for name in LOSSES] for epoch in epochs]


LOOPS: dict[str, Callable[[RunSpec], Figures]] = {"ours": ours, "bare": bare, "plain": plain}


def main(loop: str) -> None:
    """Answer until standard input ends."""
    torch.set_num_threads(1)
    for line in sys.stdin:
        spec = RunSpec.parse(json.loads(line))
        wall, cpu = time.perf_counter(), time.process_time()
        losses = LOOPS[loop](spec)
        answer = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "losses": losses}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
