"""After its first epochs a run takes no new memory from the system; after its end, what it had goes back."""

from __future__ import annotations

import gc
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from reglab import RunSpec, train
from reglab.events import EpochDone
from reglab.training.memory import _glibc, give_memory_back

pytestmark = pytest.mark.skipif(_glibc() is None, reason="needs glibc")
ROOT = Path(__file__).resolve().parents[2]
PAGE = resource.getpagesize()


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


def test_an_epoch_takes_no_new_pages_and_the_end_gives_them_back() -> None:
    code = "from tests.training.test_memory import train_and_measure; train_and_measure()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    in_the_last_epoch, given_back = map(int, done.stdout.split())
    assert in_the_last_epoch < 2000  # of some 11,000 with the system's own thresholds
    assert given_back > 5 * 2**20
