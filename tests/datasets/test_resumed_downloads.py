"""Downloads that go on where they broke off: with servers that resume, ignore, misplace and deny a range."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest
from tests.datasets.files import IMAGES, LABELS, TEST_NAMES, md5, serving, write_idx_pair

from reglab._torchvision import load_torchvision
from reglab.datasets import DATASETS, fashion_mnist, status
from reglab.datasets._download import Remote, fetch, unfinished_bytes, unfinished_folder
from reglab.datasets._downloaded import download_list, downloaded_files
from reglab.datasets._idx_sets import idx_dataset
from reglab.datasets.cache import forget_images
from reglab.datasets.catalogue import listed
from reglab.datasets.dataset import silent
from reglab.datasets.downloads import delete_downloads, download
from reglab.errors import DataError

DATA = bytes(range(256)) * 400
HALF, THIRD = len(DATA) // 2, len(DATA) // 3 + 1


class Ranges(SimpleHTTPRequestHandler):
    """Serves DATA from the byte that is asked for, and notes what that was."""

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.asked.append(asked)  # type: ignore[attr-defined]
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        self.answer(start)

    def answer(self, start: int) -> None:
        if start >= len(DATA):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(DATA) - 1}/{len(DATA)}")
        self.body(DATA[start:])

    def body(self, data: bytes) -> None:
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None: ...


class Ignoring(Ranges):
    """Sends everything, whatever is asked for."""

    def answer(self, start: int) -> None:
        self.send_response(200)
        self.body(DATA)


class Misplacing(Ranges):
    """Sends another range than the one that was asked for."""

    def answer(self, start: int) -> None:
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes 0-{len(DATA) - 1}/{len(DATA)}")
        self.body(DATA)


class Dropping(Ranges):
    """Hangs up after a third of what it promised."""

    def body(self, data: bytes) -> None:
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[:THIRD])


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


def bring(folder: Path, handler: type[Ranges], part: bytes | None = None) -> list[str]:
    """Download DATA with ``part`` of it there; the ranges that were asked for."""
    folder.mkdir(exist_ok=True)
    (folder / "whole").write_bytes(DATA)
    if part is not None:
        (folder / "data.part").write_bytes(part)
    with serving(folder, handler) as (url, asked):
        remote = Remote("data", (f"{url}data",), md5(folder / "whole"))
        fetch("Data", [remote], folder, len(DATA) / 1e6, folder, silent)
    assert (folder / "data").read_bytes() == DATA
    assert not (folder / "data.part").exists()
    return asked


def test_only_the_rest_is_fetched(tmp_path: Path) -> None:
    assert bring(tmp_path, Ranges, DATA[:HALF]) == [f"bytes={HALF}-"]


@pytest.mark.parametrize("handler", [Ignoring, Misplacing])
def test_a_server_that_does_not_resume_sends_all(tmp_path: Path, handler: type[Ranges]) -> None:
    assert bring(tmp_path, handler, DATA[:HALF]) == [f"bytes={HALF}-"]


def test_a_wrong_beginning_is_thrown_away(tmp_path: Path) -> None:
    assert bring(tmp_path, Ranges, b"x" * HALF) == [f"bytes={HALF}-", None]


def test_a_beginning_that_is_too_long_is_thrown_away(tmp_path: Path) -> None:
    assert bring(tmp_path, Ranges, DATA + b"x") == [f"bytes={len(DATA) + 1}-", None]


def test_what_is_whole_already_is_not_fetched(tmp_path: Path) -> None:
    assert bring(tmp_path, Ranges, DATA) == []


def test_a_connection_that_drops_is_resumed_until_all_is_there(tmp_path: Path) -> None:
    for tries in range(1, 3):
        with pytest.raises(DataError, match="the connection broke off after"):
            bring(tmp_path, Dropping)
        assert (tmp_path / "data.part").read_bytes() == DATA[: tries * THIRD]
        assert not (tmp_path / "data").exists()
    assert bring(tmp_path, Dropping) == [f"bytes={2 * THIRD}-"]


@pytest.fixture(name="source")
def _source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Fashion-MNIST as a small copy that a server on this machine has, nothing of it elsewhere; the data folder."""
    served = tmp_path / "served"
    write_idx_pair(served)
    write_idx_pair(served, 100, names=TEST_NAMES)
    cls = load_torchvision().datasets.FashionMNIST
    names = [f"{name}.gz" for name in (IMAGES, LABELS, *TEST_NAMES)]
    monkeypatch.setattr(cls, "resources", [(name, md5(served / name)) for name in names])
    entry = DATASETS.get("fashion_mnist")
    source = replace(fashion_mnist.SOURCE, elsewhere=(), megabytes=0.2, test_megabytes=0.1)
    own = idx_dataset(
        source, order=1, about=entry.about, source=entry.source, licence=entry.licence, classes=entry.classes
    )
    monkeypatch.setitem(DATASETS.built_in, "fashion_mnist", own)
    forget_images("fashion_mnist")
    with serving(served) as (url, _):
        monkeypatch.setattr(cls, "mirrors", [url])
        yield tmp_path / "data"
    forget_images("fashion_mnist")


def test_a_data_set_comes_with_its_test_images_and_goes_without_a_trace(source: Path) -> None:
    download("fashion_mnist", source)
    entry = DATASETS.get("fashion_mnist")
    one = listed(entry, source)
    assert (one.status.state, one.test, len(one.files)) == ("ready", "ready", 4)
    assert one.downloaded == one.bytes == sum(file.stat().st_size for file in one.files)
    assert {file.name for file in downloaded_files(source, entry.name)} == {file.name for file in one.files}
    assert delete_downloads("fashion_mnist", source, source / "cache").bytes == one.bytes
    assert {file.name for file in source.iterdir()} == {".fashion_mnist.lock"}
    assert status(entry, source).state == "download"


def test_what_people_placed_or_changed_is_not_deleted(source: Path) -> None:
    raw = source / "FashionMNIST" / "raw"
    write_idx_pair(raw, 50, names=TEST_NAMES)
    download("fashion_mnist", source)
    (raw / f"{LABELS}.gz").write_bytes((raw / f"{LABELS}.gz").read_bytes() + b"mine")
    (raw / "notes.txt").write_text("mine")
    deleted = delete_downloads("fashion_mnist", source, source / "cache")
    assert deleted.changed == (raw / f"{LABELS}.gz",)
    assert {file.name for file in raw.iterdir()} == {
        "notes.txt",
        f"{LABELS}.gz",
        *(f"{name}.gz" for name in TEST_NAMES),
    }
    assert delete_downloads("fashion_mnist", source, source / "cache").bytes == 0


def test_a_list_that_names_other_files_deletes_none_of_them(source: Path) -> None:
    source.mkdir()
    outside = source.parent / "mine"
    outside.write_bytes(b"mine")
    facts = [4, outside.stat().st_mtime_ns]
    names = f'{{"../mine": {facts}, "{outside}": {facts}}}'
    download_list(source, "fashion_mnist").write_text(names)
    assert delete_downloads("fashion_mnist", source, source / "cache").bytes == 0
    assert outside.exists()


def test_an_unfinished_download_is_counted_and_can_be_deleted(source: Path) -> None:
    unfinished_folder(source, "fashion_mnist").mkdir(parents=True)
    (unfinished_folder(source, "fashion_mnist") / f"{IMAGES}.gz.part").write_bytes(b"12345")
    assert unfinished_bytes(source, "fashion_mnist") == listed(DATASETS.get("fashion_mnist"), source).unfinished == 5
    assert delete_downloads("fashion_mnist", source, source / "cache").bytes == 5
    assert not unfinished_folder(source, "fashion_mnist").exists()
