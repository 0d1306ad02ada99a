"""SIGTERM in the middle of an epoch: checkpointed and gone within ten seconds, and resumed to the same bits."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.jobs.running import SMALL, resume, wait_until, work

from reglab.cli import main
from reglab.settings import Settings
from reglab.store import Store

SPEC = SMALL.with_changes({"train.epochs": 12, "train.batch_size": 1, "model.name": "lenet5"})  # 100 steps an epoch
PATIENCE = 10.0  # seconds
EPOCHS = (0, 2, 5, 9)


def train_there(home: Path, spec: Path) -> None:
    """``reglab train`` in a process of its own; its exit status is the process's."""
    os.environ["REGLAB_HOME"], os.environ["REGLAB_DEVICE"] = str(home), "cpu"
    with Path(os.devnull).open("w") as sys.stdout:
        sys.exit(main(["train", str(spec), "--json"]))


@pytest.fixture
def spec_file(tmp_path: Path) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC.to_yaml())
    return path


def in_mid_epoch(store: Store, epoch: int) -> bool:
    """Whether the newest run has trained ``epoch`` epochs and part of the next one."""
    newest = store.runs(limit=1)
    return bool(newest) and newest[0].state == "running" and newest[0].epoch >= epoch and newest[0].step > 0


def test_a_training_process_checkpoints_and_leaves(store: Store, settings: Settings, spec_file: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "reglab.jobs", "reglab.cli", "sklearn.datasets", "torch._dynamo"])
    whole = work(store, settings, SPEC)
    for epoch in EPOCHS:
        child = context.Process(target=train_there, args=(settings.home, spec_file))
        child.start()
        wait_until(lambda e=epoch: in_mid_epoch(store, e), f"epoch {epoch} of a new run")  # type: ignore[misc]
        child.terminate()
        child.join(PATIENCE)
        assert child.exitcode == 128 + signal.SIGTERM
        [run] = store.runs(limit=1)
        assert run.state == "interrupted"
        assert run.error is None
        assert resume(store, settings, run.id).weights_sha256 == whole.weights_sha256


def test_the_command_line_leaves_its_run_interrupted(store: Store, settings: Settings, spec_file: Path) -> None:
    command = [sys.executable, "-m", "reglab", "train", str(spec_file), "--json"]
    variables = {**os.environ, "REGLAB_HOME": str(settings.home), "REGLAB_DEVICE": "cpu"}
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        run_id = json.loads(process.stdout.readline())["run"]
        wait_until(lambda: store.get(run_id).step > 0, "the first steps")
        process.terminate()
        output = process.stdout.read()
        assert process.wait(PATIENCE) == 128 + signal.SIGTERM
    assert json.loads(output.splitlines()[-1])["status"] == "interrupted"
    assert store.get(run_id).resumable
