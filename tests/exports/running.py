"""Running exported scripts as a stranger would: in a process that cannot import RegLab."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from reglab.events import EpochDone, EpochMetrics
from reglab.exports import EXPORTS, Bundle, export, save
from reglab.settings import load_settings
from reglab.spec import RunSpec
from reglab.training import denormals_flushed, train

FIGURES = ("train_loss", "val_loss", "train_acc", "val_acc")
SETTINGS = load_settings({"REGLAB_HOME": "/nonexistent/reglab"})

_DRIVER = """
import contextlib, io, json, runpy, sys
sys.modules["reglab"] = None  # importing it fails
for path in sys.argv[1:]:
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        runpy.run_path(path, run_name="__main__")
    print(json.dumps(text.getvalue().splitlines()), flush=True)
"""


@dataclass(frozen=True)
class Done:
    """A script that was run: its text, what it says is not exact, and the lines that it printed."""

    text: str
    inexact: tuple[str, ...]
    printed: tuple[str, ...]

    @property
    def figures(self) -> dict[str, float]:
        """The object in the last line."""
        result: dict[str, float] = json.loads(self.printed[-1])
        assert tuple(result) == FIGURES
        return result


def run_scripts(paths: Sequence[Path]) -> list[tuple[str, ...]]:
    """What each script printed; all of them in one process, which saves importing torch for each."""
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error::SyntaxWarning", "-c", _DRIVER, *map(str, paths)],
        capture_output=True, text=True, check=False, env={**os.environ, "KERAS_BACKEND": "torch"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def exported_and_run(specs: Mapping[str, RunSpec], name: str) -> dict[str, Done]:
    """Every spec exported as ``name`` and run; the texts are what ruff finds right, and leaves as they are."""
    with tempfile.TemporaryDirectory() as folder:
        bundles = {key: export(spec, name, settings=SETTINGS) for key, spec in specs.items()}
        paths = [_saved(bundle, name, Path(folder) / str(i)) for i, bundle in enumerate(bundles.values())]
        check_style(paths)
        printed = run_scripts(paths)
    found = zip(bundles.items(), printed, strict=True)
    return {key: Done(_text(bundle), bundle.inexact, lines) for (key, bundle), lines in found}


def check_style(paths: Sequence[Path]) -> None:
    """ruff has nothing to say on these files, as linter and as formatter."""
    for options in (["check", "--select", "E,F,W,I"], ["format", "--diff"]):
        command = [sys.executable, "-m", "ruff", *options, "--isolated", "--no-cache", "--line-length", "120"]
        done = subprocess.run([*command, *map(str, paths)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@cache
def _last_epoch(text: str) -> EpochMetrics:
    spec = RunSpec.model_validate_json(text)
    with denormals_flushed():
        events = list(train(spec, device="cpu", threads=1, folder=SETTINGS.data))
    done = [event for event in events if isinstance(event, EpochDone)]
    if spec.train.keep == "best":
        return done[done[-1].best_epoch - 1].metrics
    return done[-1].metrics


def last_epoch(spec: RunSpec) -> EpochMetrics:
    """What our own training of ``spec`` comes to: the figures of the weights that it ends with."""
    return _last_epoch(spec.model_dump_json())


def largest_difference(ours: EpochMetrics, theirs: Mapping[str, Any]) -> float:
    """How far the figures of a script are from ours."""
    return max(abs(float(getattr(ours, name)) - float(theirs[name])) for name in FIGURES)


def tiny(**parts: dict[str, Any]) -> RunSpec:
    """Few images, two batches (a last image that is left over joins the second), two epochs, plain SGD."""
    base: dict[str, dict[str, Any]] = {
        "data": {"train_size": 17, "val_fraction": 0.01, "label_noise": 0.1},
        "optim": {"name": "sgd", "lr": 0.02},
        "train": {"epochs": 2, "batch_size": 8, "seed": 3},
    }
    return RunSpec.parse({part: {**base.get(part, {}), **parts.get(part, {})} for part in RunSpec.PARTS})


def _saved(bundle: Bundle, name: str, folder: Path) -> Path:
    return save(bundle, EXPORTS.get(name), folder)[0]


def _text(bundle: Bundle) -> str:
    return bundle.files[bundle.main].decode()
