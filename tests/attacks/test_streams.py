"""Standard streams that are not UTF-8, that are full, or that nobody reads: no traceback, and no run is lost."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.real_errors import FULL, needs_full_disk

from reglab.cli import main, streams
from reglab.settings import load_settings
from reglab.store import open_store

SMALL = [
    "--set", "data.train_size=60", "--set", "data.val_fraction=0.1", "--set", "model.name=dense_784",
    "--set", "train.epochs=1",
]  # fmt: skip
RUN = (
    "import sys; from reglab.cli import main; sys.exit(max([main(line.split()) for line in sys.argv[1].splitlines()]))"
)


def reglab(home: Path, *lines: str, encoding: str = "", **streams: Any) -> subprocess.CompletedProcess[bytes]:
    """Several commands in one process, which loads torch once; the exit status is the highest of theirs."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("REGLAB_", "PYTHONIO"))}
    environment |= {"REGLAB_HOME": str(home)} | ({"PYTHONIOENCODING": encoding} if encoding else {})
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.run(
        [sys.executable, "-c", RUN, "\n".join(lines)], env=environment, check=False, **(pipes | streams)
    )


def states(home: Path) -> list[str]:
    with open_store(load_settings({"REGLAB_HOME": str(home)})) as store:
        return [run.state for run in store.runs()]


TRAIN = " ".join(["train", *SMALL])
SWEEP = " ".join(["sweep", *SMALL, "--l2", "0,1e-2", "--seeds", "1"])


def look_spelled_out(printed: bytes, encoding: str) -> None:
    """Text is in ``encoding`` with λ₂ in letters, and the runs as JSON after it are UTF-8."""
    text, brace, objects = printed.partition(b'{"run"')
    assert "lambda2 0.01" in text.decode(encoding)
    names = [json.loads(line)["name"] for line in (brace + objects).decode("utf-8").splitlines()]
    assert any("λ₂ 0.01" in name for name in names)


def test_text_is_spelled_in_ascii_where_the_encoding_lacks_it_and_json_is_utf_8(home: Path) -> None:
    done = reglab(home, TRAIN, "runs", "claims", "runs --json", encoding="cp1252")
    assert (done.returncode, done.stderr) == (0, b"")
    look_spelled_out(done.stdout, "cp1252")


@pytest.mark.usefixtures("fused_plan")
def test_a_sweep_is_printed_in_ascii(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REGLAB_STORE", "REGLAB_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REGLAB_HOME", str(home))
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding="ascii"))
    for line in (SWEEP, "runs", "translate 0.01 --from torch-sgd", "runs --json"):
        assert main(line.split()) == 0
    sys.stdout.flush()
    look_spelled_out(printed.getvalue(), "ascii")


def test_without_a_wish_of_the_stream_text_is_utf_8(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}.items():
        monkeypatch.setenv(name, value)
    done = reglab(home, "sweep --help")
    assert (done.returncode, done.stderr) == (0, b"")
    assert "λ₂" in done.stdout.decode("utf-8")


@needs_full_disk
def test_a_full_output_loses_no_run_and_is_said_in_a_sentence(home: Path) -> None:
    with FULL.open("wb") as full:
        done = reglab(home, TRAIN, stdout=full)
        assert done.returncode == 2
        sentence = "The output cannot be written: No space left on device; the command goes on without it."
        assert done.stderr.decode() == f"reglab: {sentence}\n"
        assert reglab(home, "translate --list --json", stdout=full).returncode == 2
        assert reglab(home, "translate nothing --from torch-sgd", stdout=full, stderr=full).returncode == 2
        helped = reglab(home, "--help", stdout=full)
        assert (helped.returncode, helped.stderr.count(b"\n")) == (2, 1)
    assert states(home) == ["finished"]


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_stream_that_nobody_reads_is_no_error(home: Path, stream: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = reglab(
            home,
            "translate --list" if stream == "stdout" else "translate nothing --from torch-sgd",
            **{stream: writing},  # type: ignore[arg-type]
        )
    finally:
        os.close(writing)
    assert done.returncode == (0 if stream == "stdout" else 2)
    assert not (done.stderr or b"").strip()


def test_threads_print_whole_lines(capsys: pytest.CaptureFixture[str]) -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: streams.write("x" * 50), range(2000)))
    finally:
        sys.setswitchinterval(interval)
    assert set(capsys.readouterr().out.splitlines()) == {"x" * 50}


def test_a_name_that_is_not_text_is_refused(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "reglab", "train", "--name", b"\xff"], env={**os.environ, "REGLAB_HOME": str(home)},
        capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert b"is not text in this system's encoding" in done.stderr
    assert not home.exists()
