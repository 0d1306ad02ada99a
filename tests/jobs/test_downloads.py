"""Downloads of the server: one at a time for each data set, seen by all, cancelled, failed, forgotten."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from reglab.datasets.dataset import Progress
from reglab.errors import DataError
from reglab.jobs import Download, Downloads


class Bringing:
    """A download that reports, and goes on when it is let."""

    def __init__(self) -> None:
        self.began, self.go_on, self.calls = threading.Event(), threading.Event(), 0
        self.error: Exception | None = None

    def __call__(self, name: str, folder: Path, progress: Progress) -> None:
        self.calls += 1
        progress("Downloading it: 1 of 2 MB", 0.5)
        self.began.set()
        self.go_on.wait()
        if self.error:
            raise self.error
        progress("Reading it", 0.9)


@pytest.fixture(name="bringing")
def _bringing() -> Bringing:
    return Bringing()


@pytest.fixture(name="downloads")
def _downloads(bringing: Bringing) -> Iterator[Downloads]:
    made = Downloads(bringing)
    yield made
    bringing.go_on.set()
    made.close()


def ended(downloads: Downloads) -> Download | None:
    """How the download ended, once its thread is gone."""
    for thread in threading.enumerate():
        if thread.name == "reglab-download-mnist":
            thread.join()
    return downloads.get("mnist")


def test_two_who_ask_see_one_download(downloads: Downloads, bringing: Bringing, tmp_path: Path) -> None:
    assert downloads.get("mnist") is None
    downloads.start("mnist", tmp_path)
    bringing.began.wait()
    downloads.start("mnist", tmp_path)
    assert downloads.get("mnist") == Download("mnist", "running", "Downloading it: 1 of 2 MB", 0.5)
    assert downloads.running()
    bringing.go_on.set()
    assert ended(downloads) == Download("mnist", "done", "Reading it", 1.0)
    assert (bringing.calls, downloads.running()) == (1, False)


def test_a_cancelled_one_can_be_started_again(downloads: Downloads, bringing: Bringing, tmp_path: Path) -> None:
    downloads.start("mnist", tmp_path)
    bringing.began.wait()
    downloads.cancel("mnist")
    bringing.go_on.set()
    assert getattr(ended(downloads), "state", None) == "cancelled"
    downloads.start("mnist", tmp_path)
    assert getattr(ended(downloads), "state", None) == "done"


@pytest.mark.parametrize(
    ("error", "text"),
    [(DataError("No network."), "No network."), (KeyError("x"), "It failed; the server's log has the details.")],
)
def test_a_failure_says_why(
    downloads: Downloads, bringing: Bringing, tmp_path: Path, error: Exception, text: str
) -> None:
    bringing.error = error
    bringing.go_on.set()
    downloads.start("mnist", tmp_path)
    assert ended(downloads) == Download("mnist", "failed", text, 0.5)
    downloads.forget("mnist")
    assert downloads.get("mnist") is None
