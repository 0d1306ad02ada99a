"""After its first epochs a run takes no new memory from the system; after its end, what it had goes back."""

from __future__ import annotations

import gc
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from reglab import RunSpec, train
from reglab.events import EpochDone
from reglab.models import MODELS, summarise
from reglab.optimizers import OPTIMIZERS
from reglab.spec import ModelSpec
from reglab.training import ExecutionMode
from reglab.training.memory import _glibc, give_memory_back
from reglab.training.shape_key import shape_key

pytestmark = pytest.mark.skipif(_glibc() is None, reason="needs glibc")
ROOT = Path(__file__).resolve().parents[2]
PAGE = resource.getpagesize()
COMPILER = ("sympy", "torch._dynamo", "torch._inductor", "torch.fx.experimental.symbolic_shapes")


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def faults() -> int:
    """How often this process has waited for a page of memory that it did not have yet."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def train_and_measure() -> None:
    """Print the page faults of the last epoch, and the bytes given back after the end."""
    spec = RunSpec.parse({"model": {"name": "simple_cnn"}, "train": {"epochs": 5}})
    seen = [faults() for event in train(spec, device="cpu", threads=1) if isinstance(event, EpochDone)]
    gc.collect()
    before = resident()
    give_memory_back()
    print(seen[-1] - seen[-2], before - resident())
    try_everything_small()
    print(*(name for name in COMPILER if name in sys.modules))


def try_everything_small() -> None:
    """The size and the calls of every CNN, a fused step of lanes, and a step of every optimizer.

    Of resnet18 not: torchvision, which has it, loads the compiler itself.
    """
    small = {"data": {"train_size": 40, "val_size": 20}, "model": {"name": "linear"}, "train": {"epochs": 1}}
    specs = [RunSpec.parse({**small, "penalty": {"l2": l2}}) for l2 in (0.0, 1e-2)]
    for name in sorted({*MODELS.names()} - {"resnet18"}):
        summarise(ModelSpec(name=name), (1, 28, 28), 10)
        shape_key([specs[0].with_changes({"model.name": name})], torch.device("cpu"), 1)
    for name in OPTIMIZERS.names():
        list(train(specs[0].with_changes({"optim.name": name}), device="cpu", threads=1))
    list(train(*specs, device="cpu", threads=1, how=ExecutionMode(fused=True)))


def test_an_epoch_takes_no_new_pages_the_end_gives_them_back_and_no_compiler_is_loaded() -> None:
    """A second of every process, for what RegLab never asks for."""
    code = "from tests.training.test_memory import train_and_measure; train_and_measure()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    memory, loaded = done.stdout.splitlines()
    in_the_last_epoch, given_back = map(int, memory.split())
    assert in_the_last_epoch < 2000  # of some 11,000 with the system's own thresholds
    assert given_back > 5 * 2**20
    assert loaded == ""
