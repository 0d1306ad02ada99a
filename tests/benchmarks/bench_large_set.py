"""Memory of a run on 100,000 images of 64 × 64 pixels in colour, whose normalised copy would take 4.6 GiB.

The command line trains one epoch in a process of its own. Its peak counts what it allocated, the libraries, and the
pages of the mapped set, which all processes share and the kernel takes back first.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.benchmarks.measuring import ENVIRONMENT, table

from reglab.datasets.set_files import SetWriter

IMAGES, SIDE, PART = 100_000, 64, 2_000
BUDGET = 2 * 10**9  # bytes
SPEC = ("data.name=made", "data.train_size=null", "data.val_fraction=0.1", "train.epochs=1", "train.batch_size=64")
MODEL = "keras_cnn"


def made_set(folder: Path) -> None:
    """The set "made": noise whose mean tells the class."""
    rng = np.random.default_rng(0)
    with SetWriter(folder, "made") as writer:
        for _ in range(0, IMAGES, PART):
            labels = rng.integers(0, 10, PART)
            pixels = rng.integers(0, 160, (PART, 3, SIDE, SIDE), dtype=np.uint8)
            writer.add("train", pixels + (9 * labels[:, None, None, None]).astype(np.uint8), labels)
        writer.save(label="Made", classes=tuple("0123456789"), settings={})


def _memory(process: int) -> Iterator[tuple[str, int]]:
    """The memory of a process as the kernel counts it: name → bytes."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.startswith(("VmHWM", "Rss")):
            yield name, int(value.split()[0]) * 1024


@pytest.mark.timeout(3600)
def test_a_hundred_thousand_images_train_within_two_gigabytes(tmp_path: Path) -> None:
    made_set(tmp_path / "data")
    environment = {**ENVIRONMENT, "REGLAB_HOME": str(tmp_path / "home"), "REGLAB_DATA": str(tmp_path / "data")}
    changes = [word for change in (*SPEC, f"model.name={MODEL}") for word in ("--set", change)]
    began, seen = time.perf_counter(), dict[str, int]()
    with subprocess.Popen(
        [sys.executable, "-m", "reglab", "train", *changes, "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        lines = list[str]()
        for line in child.stdout:  # one at least while it runs
            lines.append(line)
            seen |= {name: max(size, seen.get(name, 0)) for name, size in _memory(child.pid)}
    seconds, result = time.perf_counter() - began, json.loads(lines[-1])
    assert child.returncode == 0
    row = (f"{seen['VmHWM'] / 1e9:.2f}", *(f"{seen[name] / 1e9:.2f}" for name in ("RssAnon", "RssFile")))
    print(table(
        f"{IMAGES:,} images of {SIDE} × {SIDE} px, {MODEL}, one epoch", ("peak, GB", "own", "mapped", "seconds"),
        [(*row, f"{seconds:.0f}")],
    ))  # fmt: skip
    assert result["metrics"]["val_acc"] > 0.2
    assert seen["VmHWM"] <= BUDGET
