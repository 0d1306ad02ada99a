"""Figure: 10,000 PNG files are imported on 2 cores ≥ 1.5× as fast as by Pillow in a loop, resized and saved by both.

Both are measured in turns, by the clock and by processor time: on a busy machine only the latter says anything, and two
cores then need at least half of the import's.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from statistics import median

import numpy as np
import pytest
from PIL import Image
from tests.benchmarks.measuring import table

from reglab.imports import Asked, decoders, save, understand

N, SIDE, SAVED = 10_000, 128, 64


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Smooth pictures with some noise, as PNG files of about 35 KB in ten class folders."""
    rng = np.random.default_rng(0)
    ramp = np.linspace(0, 200, SIDE)[:, None, None] + np.zeros((SIDE, SIDE, 3))
    for number in range(N):
        place = tmp_path / "photos" / f"class{number % 10}"
        place.mkdir(parents=True, exist_ok=True)
        noisy = np.roll(ramp, number, 0) + rng.normal(0, 12, (SIDE, SIDE, 3))
        Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(place / f"{number}.png")
    return tmp_path / "photos"


def in_a_loop(photos: Path, target: Path) -> None:
    images = []
    for path in sorted(photos.rglob("*.png")):
        with Image.open(path) as image:
            small = image.convert("RGB").resize((SAVED, SAVED), Image.Resampling.BILINEAR)
            images.append(np.asarray(small))
    np.save(target, np.stack(images))


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds by the clock, and of processor time, those of ended child processes included."""
    clock, processor = time.perf_counter(), sum(os.times()[:4])
    work()
    return time.perf_counter() - clock, sum(os.times()[:4]) - processor


def test_an_import_of_ten_thousand_png_files(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGLAB_HOME", str(tmp_path))
    monkeypatch.setattr(decoders, "available_cores", lambda: 2)
    progress: list[str] = []

    def imported() -> None:
        found = understand(photos, progress=lambda text, share: progress.append(text), asked=Asked(side=SAVED))
        save(found, replace(found.proposed, name="photos"), tmp_path / "data")
        assert found.total == N

    pairs = []
    for _ in range(3):
        pairs.append((timed(lambda: in_a_loop(photos, tmp_path / "loop.npy")), timed(imported)))
        rmtree(tmp_path / "data")
    clock = median(loop[0] / own[0] for loop, own in pairs)
    cores = median(2 * loop[1] / own[1] for loop, own in pairs)
    rows = [(f"{a:.1f}", f"{b:.1f}", f"{c:.1f}", f"{d:.1f}") for (a, b), (c, d) in pairs]
    head = ("loop, s by the clock", "of the processor", "import, s by the clock", "of the processor")
    print(table(f"{N:,} PNG files of {SIDE} px to {SAVED} px (asked: 1.5× on 2 cores)", head, rows))
    print(
        f"{clock:.2f}× by the clock; at most {cores:.2f}× by processor time on 2 cores; {progress[len(progress) // 2]}"
    )
    assert any(" a second, " in text and text.endswith(" left") for text in progress)
