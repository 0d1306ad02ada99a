"""Memory that really runs out: recognised whoever reports it, and said with what is needed and what is available."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import torch
from tests.real_errors import OUT_OF_MEMORY

from reglab.jobs import Worker
from reglab.settings import load_settings
from reglab.spec import RunSpec
from reglab.store import open_store
from reglab.training import is_out_of_memory

ROOT = Path(__file__).resolve().parents[2]
LARGE = RunSpec().with_changes({"model.name": "resnet18", "train.batch_size": 240, "train.epochs": 1})
SMALL = RunSpec().with_changes({"model.name": "dense_784", "data.train_size": 60, "train.epochs": 1})
SENTENCE = re.compile(
    r"There is not enough memory for this run: ResNet-18 with batches of 240 images needs about 0\.3 GiB besides the "
    r"data, and (\d+) [KM]iB is available; choose a smaller batch, CNN or data set(, or train fewer runs at once)?\."
)


@pytest.mark.parametrize("provoke", OUT_OF_MEMORY.values(), ids=OUT_OF_MEMORY.keys())
def test_whoever_runs_out_of_memory_is_understood(provoke: Callable[[], object]) -> None:
    with pytest.raises((MemoryError, RuntimeError, OSError)) as refused:
        provoke()
    assert is_out_of_memory(refused.value), str(refused.value)


@pytest.mark.parametrize(
    "provoke", [lambda: torch.zeros(2) + torch.zeros(3), (Path("/") / "no" / "such").stat, lambda: int("x")]
)
def test_other_errors_are_not_taken_for_it(provoke: Callable[[], object]) -> None:
    with pytest.raises((RuntimeError, OSError, ValueError)) as other:
        provoke()
    assert not is_out_of_memory(other.value)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces a limit on the address space")
def test_a_run_without_enough_memory_says_what_it_needs(tmp_path: Path) -> None:
    code = f"from tests.attacks.test_memory_runs_out import run_out; run_out({str(tmp_path)!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    with open_store(load_settings({"REGLAB_HOME": str(tmp_path)})) as store:
        large, small = store.runs()
    assert (small.state, large.state) == ("finished", "failed")
    assert SENTENCE.fullmatch(large.error or ""), large.error


def run_out(home: str) -> None:
    """Train ``LARGE`` with 160 MiB for everything; for a process of its own."""
    settings = load_settings({"REGLAB_HOME": home, "REGLAB_DEVICE": "cpu", "REGLAB_THREADS": "1"})
    with open_store(settings) as store:
        Worker(store, settings, store.create(SMALL, owner=store.owner())).work()  # loads what is imported late
        limit = psutil.Process().memory_info().vms + 160 * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        Worker(store, settings, store.create(LARGE, owner=store.owner())).work()
