"""Make the archive and the expectations of test_old_home.py with the RegLab of commit eb6ce4a.

It is run by hand, from the repository's root, and only to replace the fixture:

    git worktree add --detach /tmp/old eb6ce4a
    PYTHONPATH=/tmp/old/src:. OMP_NUM_THREADS=1 .venv/bin/python tests/compat/make_home.py
    git worktree remove /tmp/old

Everything goes through the command line of that commit, in processes of its own. A training is stopped half way by a
signal after a given epoch, in the middle of the next one. What the old code shows, and what it gets when it resumes, is
found on copies of the home, so that the archive holds the home exactly as training left it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from tests.compat.arithmetic import machine

from reglab import RunSpec

COMMIT = "eb6ce4a"
HERE = Path(__file__).parent
ARCHIVE, EXPECTED = HERE / f"home-{COMMIT}.tar.xz", HERE / f"home-{COMMIT}.json"

SMALL = (
    "data.train_size=40", "data.val_size=60", "data.label_noise=0.1",
    "model.name=small_cnn", "train.epochs=6", "train.batch_size=8",
)  # fmt: skip
PROXIMAL = ("optim.name=sgd", "optim.lr=0.05", "penalty.l2=0", "penalty.apply=proximal")
FINISHED = {
    "adam coupled": ("optim.name=adam", "optim.lr=0.01", "penalty.l2=1e-2"),
    "sgd proximal": (*PROXIMAL, "penalty.l1=0.03", "penalty.factors={conv1.weight: 0.5, fc2.weight: 0}"),
    "adamw decoupled": ("optim.name=adamw", "optim.lr=0.01", "penalty.l2=0.1", "optim.schedule=cosine"),
}
STOPPED = ("optim.name=adam", "optim.lr=0.01", "model.dropout=0.25", "penalty.l2=3e-3")
KILLED = ("optim.name=sgd", "optim.lr=0.05", "optim.momentum=0", "penalty.scope=all")

TRAIN_LINKS = (
    "penalty.l2=0.03",
    "penalty.l2=1e-05&penalty.l1=0.0001&optim.name=sgd&optim.lr=0.1&optim.momentum=0.0&optim.nesterov=False",
    "optim.name=adamw&penalty.l2=0.1&optim.schedule=step&optim.step_every=5",
    "data.name=mnist_5k&data.train_size=&data.val_size=500&data.folds=5&data.fold=4&model.name=vgg_small",
    "model.name=resnet18&model.batch_norm=True&penalty.apply=proximal&penalty.scope=weights%2Bbiases",
    "penalty.factors=%7B%22conv1.weight%22%3A+0.5%2C+%22fc2.weight%22%3A+0.0%7D&train.precision=float64",
)
PATH_LINKS = (
    "penalty.l2=0.01&l1=0,0.0001,0.001&seeds=3",
    "data.name=digits&data.train_size=50&optim.lr=0.001&l2=0,1e-05,0.03&folds=5&ways=coupled,decoupled",
    "lambdas=0,0.001,0.01&ratio=0.5&model.name=small_cnn&train.epochs=10",
    "l1=0,0.001&l2=0,0.01&optim.name=sgd",
    "sweep=s123&view=weights&measure=loss&epoch=3&layer=conv1.weight",
    "sweep=s123&view=norms&what=zeros&role=train",
)

NEVER = (0, "SIGTERM")
_DRIVER = """
import os, signal, sys, time
from reglab.cli import main
from reglab.cli.output import Output
from reglab.jobs import pace, sweep_work

after, number, printed = int(sys.argv[1]), getattr(signal, sys.argv[2]), Output.print
if sys.argv[2] == "SIGTERM":
    pace.TICK = sweep_work.TICK = 0.001  # look at every step whether to stop
    pace._OVERHEAD = 1e9  # save first and last only, which keeps the home small
else:
    pace._OVERHEAD = pace._SHORTEST = 0  # save after every epoch, since the end will be sudden

def stopping(self, record, line):
    printed(self, record, line)
    if record.get("epoch") == after:
        os.kill(os.getpid(), number)
        time.sleep(1)

Output.print = stopping
sys.exit(main(sys.argv[3:]))
"""
_PATH_ADDRESS = """
import dataclasses, json, sys
from urllib.parse import parse_qsl
from reglab.ui.path.address import read

for link in sys.argv[1:]:
    at = read(dict(parse_qsl(link, keep_blank_values=True)))
    assert at.problem is None, at.problem
    form = at.form and json.loads(at.form.to_json())
    print(json.dumps({"link": link, "sweep": at.sweep, "look": dataclasses.asdict(at.look), "form": form}))
"""


def reglab(home: Path, *arguments: str, stop: tuple[int, str] = NEVER, device: str = "cpu") -> list[Any]:
    """The JSON lines of one command; ``stop`` is the epoch after which to end it, and the signal."""
    start = ["-c", _DRIVER, str(stop[0]), stop[1]]
    settings = {"REGLAB_HOME": str(home), "REGLAB_DEVICE": device, "REGLAB_SLOTS": "1"}
    done = subprocess.run(
        [sys.executable, *start, *arguments, "--json"], capture_output=True, text=True, check=False,
        env={**os.environ, **settings},
    )  # fmt: skip
    assert not done.stderr, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def settings(*assignments: str) -> list[str]:
    """The small data and CNN with ``assignments``, as options."""
    return [word for text in (*SMALL, *assignments) for word in ("--set", text)]


def make(home: Path) -> None:
    """Fill ``home``; the killed run comes last, so that its lock and SQLite's log stay as the process left them."""

    def train(name: str, *assignments: str, **how: Any) -> None:
        reglab(home, "train", "--name", name, *settings(*assignments), **how)

    def sweep(name: str, *options: str, **how: Any) -> None:
        reglab(home, "sweep", "--name", name, "--seeds", "2", *options, **how)

    for name, assignments in FINISHED.items():
        train(name, *assignments)
    train("failed", device="cuda")
    train("diverged", "optim.name=sgd", "optim.lr=10", "penalty.l2=1000")
    sweep("finished sweep", "--l2", "0,1e-3,1e-2", *settings("optim.name=adam", "optim.lr=0.01"))
    sweep("stopped sweep", "--l1", "3e-3,0.3", *settings(*PROXIMAL), stop=(3, "SIGTERM"))
    train("stopped", *STOPPED, stop=(3, "SIGTERM"))
    train("killed", *KILLED, stop=(3, "SIGKILL"))


def shown(home: Path) -> dict[str, dict[str, Any]]:
    """What ``runs`` and ``show`` say of every run and sweep, by id; weights are relative to the home."""
    runs = {run["run"]: run for run in reglab(home, "runs")}
    for run in runs.values():
        run["weights"] = run["weights"] and str(Path(run["weights"]).relative_to(home))
    sweeps = [reglab(home, "show", name)[-1] for name in ("finished sweep", "stopped sweep")]
    return {"runs": runs, "sweeps": {sweep["sweep"]: sweep for sweep in sweeps}}


def resumed(home: Path) -> dict[str, dict[str, Any]]:
    """The runs that were stopped half way, by id, when they have been resumed to their ends."""
    ids: list[str] = []
    for name in ("stopped", "killed", "stopped sweep"):
        last = reglab(home, "resume", name)[-1]
        assert last["status"] == "finished"
        ids += last["runs"] if "runs" in last else [last["run"]]
    runs, kept = shown(home)["runs"], ("name", "status", "metrics", "weights_sha256")
    return {run_id: {key: runs[run_id][key] for key in kept} for run_id in ids}


def check_uninterrupted(home: Path, expected: dict[str, dict[str, Any]]) -> None:
    """The old code itself gets the same bits without a stop."""
    by_name = {run["name"]: run for run in expected.values()}
    for name, assignments in (("stopped", STOPPED), ("killed", KILLED)):
        straight = reglab(home, "train", *settings(*assignments))[-1]
        assert straight["weights_sha256"] == by_name[name]["weights_sha256"], name


def specs() -> dict[str, dict[str, Any]]:
    """YAML, and what it stands for, of every optimizer with every way of applying a penalty."""
    records = {}
    for optimizer in ("sgd", "adam", "adamw"):
        for apply in ("coupled", "decoupled", "proximal"):
            assignments = [f"optim.name={optimizer}", f"penalty.apply={apply}", "penalty.l1=1e-05", "data.val_size=60"]
            spec = RunSpec().with_assignments(assignments)
            records[f"{optimizer} {apply}"] = {"yaml": spec.to_yaml(), "spec": spec.model_dump()}
    return records


def links() -> dict[str, list[dict[str, Any]]]:
    """What the old code reads from addresses of Train and of the λ path."""
    train = [
        {"link": link, "spec": RunSpec.from_query(dict(parse_qsl(link, keep_blank_values=True))).model_dump()}
        for link in TRAIN_LINKS
    ]
    command = [sys.executable, "-c", _PATH_ADDRESS, *PATH_LINKS]
    path = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return {"train": train, "path": [json.loads(line) for line in path]}


def pack(home: Path, epochs: Path) -> str:
    """Write the archive (the home, and the old export of all epochs); its SHA-256."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz", preset=9) as archive:
        for path, inside in ((home, "home"), (epochs, "epochs.csv")):
            archive.add(path, inside, filter=_plain)
    ARCHIVE.write_bytes(buffer.getvalue())
    return hashlib.sha256(buffer.getvalue()).hexdigest()


def _plain(file: tarfile.TarInfo) -> tarfile.TarInfo:
    file.uid = file.gid = file.mtime = 0
    file.uname = file.gname = ""
    return file


def main() -> None:
    """Make the home, ask the old code about copies of it, and write both files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home, read, ended = folder / "home", folder / "read", folder / "resumed"
        make(home)
        for copy in (read, ended):
            shutil.copytree(home, copy)
        before, after = shown(read), resumed(ended)
        check_uninterrupted(folder / "straight", after)
        reglab(read, "export", *before["runs"], "--to", "csv", "--out", str(folder / "epochs.csv"))
        made = {"commit": COMMIT, "machine": machine(), "archive_sha256": pack(home, folder / "epochs.csv")}
        write({**made, **before, "resumed": after, "specs": specs(), "links": links()})


def write(expected: dict[str, Any]) -> None:
    """One record a line, so that differences can be read."""
    EXPECTED.write_text(_lines(expected, depth=3) + "\n", encoding="utf-8")


def _lines(value: Any, depth: int, indent: str = "") -> str:
    items: Sequence[tuple[str, Any]] = []
    if depth and isinstance(value, dict):
        items = [(f"{json.dumps(key)}: ", item) for key, item in value.items()]
    elif depth and isinstance(value, list):
        items = [("", item) for item in value]
    if not items:
        return json.dumps(value, ensure_ascii=False)
    inner = indent + "  "
    body = ",\n".join(f"{inner}{key}{_lines(item, depth - 1, inner)}" for key, item in items)
    left, right = "{}" if isinstance(value, dict) else "[]"
    return f"{left}\n{body}\n{indent}{right}"


if __name__ == "__main__":
    main()
