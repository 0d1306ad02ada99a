"""A signal to end in the middle of an epoch: a checkpoint, an end within ten seconds, and the same bits on resume."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.jobs.running import SMALL, resume, wait_until, work

from reglab.cli import main
from reglab.events import Event, StepDone
from reglab.jobs import pace
from reglab.jobs.work import Halt, Worker
from reglab.settings import Settings
from reglab.store import Store

SPEC = SMALL.with_changes({"train.epochs": 4, "train.batch_size": 1, "model.name": "lenet5"})  # 100 steps an epoch
PATIENCE = 60.0  # seconds, on a loaded machine


def train_there(home: Path, spec: Path) -> None:
    """``reglab train`` in a process of its own, looking at every step whether to leave; its exit status."""
    os.environ["REGLAB_HOME"], os.environ["REGLAB_DEVICE"] = str(home), "cpu"
    pace.TICK = 0.0
    take, pause = Worker._take, threading.Event()

    def wait_in_the_last_epoch(worker: Worker, event: Event) -> Halt | None:
        if isinstance(event, StepDone) and (event.epoch, event.step) == (SPEC.train.epochs, 50):
            while not worker.closing():  # however late the signal is, it finds a run that has not ended
                pause.wait(0.01)
        return take(worker, event)

    Worker._take = wait_in_the_last_epoch  # type: ignore[method-assign, assignment]
    with Path(os.devnull).open("w") as sys.stdout:
        sys.exit(main(["train", str(spec), "--json"]))


def in_mid_epoch(store: Store, epoch: int) -> bool:
    """Whether the newest run has trained ``epoch`` epochs and part of the next one."""
    newest = store.runs(limit=1)
    return bool(newest) and newest[0].state == "running" and newest[0].epoch >= epoch and newest[0].step > 0


def test_a_training_process_checkpoints_and_leaves(store: Store, settings: Settings, tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "reglab.jobs.sweep_work", "reglab.cli"])
    (tmp_path / "spec.yaml").write_text(SPEC.to_yaml())
    whole = work(store, settings, SPEC)
    for epoch in range(SPEC.train.epochs):
        child = context.Process(target=train_there, args=(settings.home, tmp_path / "spec.yaml"), daemon=True)
        child.start()
        wait_until(lambda e=epoch: in_mid_epoch(store, e), f"epoch {epoch} of a new run")  # type: ignore[misc]
        child.terminate()
        child.join(PATIENCE)
        assert child.exitcode == 128 + signal.SIGTERM
        [run] = store.runs(limit=1)
        assert (run.state, run.error) == ("interrupted", None)
        assert resume(store, settings, run.id).weights_sha256 == whole.weights_sha256


@pytest.mark.parametrize("name", [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)])
def test_the_command_line_leaves_its_run_interrupted(store: Store, settings: Settings, name: str) -> None:
    command = [sys.executable, "-m", "reglab", "train", "--set", "train.epochs=10000", "--json"]
    variables = {**os.environ, "REGLAB_HOME": str(settings.home), "REGLAB_DEVICE": "cpu"}
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        run_id = json.loads(process.stdout.readline())["run"]
        # Not later: nobody reads its lines, and a process whose pipe is full does not hear the signal.
        wait_until(lambda: store.get(run_id).step + store.get(run_id).epoch > 0, "the first steps")
        process.send_signal(signal.Signals[name])
        assert process.wait(PATIENCE) == 128 + signal.Signals[name]
        assert json.loads(process.stdout.readlines()[-1])["status"] == "interrupted"
    assert store.get(run_id).resumable
