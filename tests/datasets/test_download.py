"""Downloads from a server on 127.0.0.1: progress, failures in one sentence, nothing half-written, never twice."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest
from filelock import FileLock
from tests.datasets.files import (
    IMAGES,
    LABELS,
    md5,
    pack_cifar,
    serving,
    trust_cifar,
    write_cifar,
    write_idx_pair,
    write_svhn,
)
from tests.patience import PATIENCE
from tests.real_errors import needs_full_disk, write_to_a_full_disk

from reglab._torchvision import load_torchvision
from reglab.datasets import DATASETS, _download, cifar10, fashion_mnist, load_images, status
from reglab.datasets._idx_sets import load_idx
from reglab.datasets.dataset import silent
from reglab.errors import DataError

SOURCE = replace(fashion_mnist.SOURCE, elsewhere=(), megabytes=0.2)
NAMES = (f"{IMAGES}.gz", f"{LABELS}.gz")
KEPT = {"FashionMNIST", ".fashion_mnist.lock", ".fashion_mnist.downloaded.json"}


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture(name="served")
def _served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the pair to be served, whose MD5s torchvision takes for those of Fashion-MNIST."""
    folder = tmp_path / "served"
    write_idx_pair(folder)
    monkeypatch.setattr(_fashion(), "resources", [(name, md5(folder / name)) for name in NAMES])
    return folder


@pytest.fixture(name="address")
def _address(served: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Torchvision's only mirror serves ``served``; the paths that are asked of it."""
    with serving(served) as (url, asked):
        monkeypatch.setattr(_fashion(), "mirrors", [url])
        yield asked


def _fashion() -> type:
    return load_torchvision().datasets.FashionMNIST  # type: ignore[no-any-return]


def _nothing_but_the_lock(folder: Path) -> bool:
    return {file.name for file in folder.iterdir()} <= {".fashion_mnist.lock"}


def _unfinished(folder: Path) -> dict[str, int]:
    """What is kept for the next try, with its size; nothing else is there."""
    assert {file.name for file in folder.iterdir()} <= {".fashion_mnist.lock", ".fashion_mnist.unfinished"}
    return {file.name: file.stat().st_size for file in folder.glob(".fashion_mnist.unfinished/*")}


def test_a_download_reports_its_progress_and_lands_in_torchvisions_layout(
    tmp_path: Path, served: Path, address: list[str]
) -> None:
    folder, told = tmp_path / "data", list[tuple[str, float]]()
    images = load_idx(SOURCE, folder, lambda text, share: told.append((text, share)))
    assert len(images.y) == 200
    raw = folder / "FashionMNIST" / "raw"
    assert {file.name: file.read_bytes() for file in raw.iterdir()} == {n: (served / n).read_bytes() for n in NAMES}
    downloading = [(text, share) for text, share in told if text.startswith("Downloading Fashion-MNIST: ")]
    shares = [share for _, share in downloading]
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] <= 1
    megabytes = sum((served / name).stat().st_size for name in NAMES) / 1e6
    assert downloading[-1][0].startswith(f"Downloading Fashion-MNIST: {megabytes:.1f} of 0.2 MB")
    assert downloading[-1][1] == pytest.approx(megabytes / 0.2)
    assert told[-1] == ("Reading Fashion-MNIST", 1.0)


def test_what_was_downloaded_is_not_downloaded_again(tmp_path: Path, address: list[str]) -> None:
    load_idx(SOURCE, tmp_path / "data", silent)
    load_idx(SOURCE, tmp_path / "data", silent)
    assert address == [f"/{name}" for name in NAMES]


def test_the_next_mirror_is_tried(
    tmp_path: Path, address: list[str], monkeypatch: pytest.MonkeyPatch, served: Path
) -> None:
    good = _fashion().mirrors[0]  # type: ignore[attr-defined]
    monkeypatch.setattr(_fashion(), "mirrors", [f"{good}nowhere/", good])
    assert len(load_idx(SOURCE, tmp_path / "data", silent).y) == 200
    assert f"/nowhere/{NAMES[0]}" in address


def _unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_failure_says_what_failed_and_what_to_do(
    tmp_path: Path, served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, port = tmp_path / "data", _unused_port()
    monkeypatch.setattr(_fashion(), "mirrors", [f"http://127.0.0.1:{port}/"])
    with pytest.raises(DataError) as error:
        load_idx(SOURCE, folder, silent)
    assert str(error.value) == (
        f"Fashion-MNIST could not be downloaded: {NAMES[0]} from 127.0.0.1:{port}: Connection refused. "
        f"Check the network and try again, or put {NAMES[0]} and {NAMES[1]} into {folder}/FashionMNIST/raw."
    )
    assert _nothing_but_the_lock(folder)


def test_files_put_where_the_sentence_says_are_used(tmp_path: Path) -> None:
    write_idx_pair(tmp_path / "FashionMNIST" / "raw")
    assert len(load_idx(SOURCE, tmp_path, silent).y) == 200


def test_a_missing_file_is_told_by_its_status(tmp_path: Path, address: list[str], served: Path) -> None:
    (served / NAMES[1]).unlink()
    with pytest.raises(DataError, match=rf"{re.escape(NAMES[1])} from 127\.0\.0\.1:\d+: HTTP status 404\."):
        load_idx(SOURCE, tmp_path / "data", silent)
    assert _unfinished(tmp_path / "data") == {f"{NAMES[0]}.part": (served / NAMES[0]).stat().st_size}


def test_a_file_that_arrives_damaged_is_thrown_away(tmp_path: Path, address: list[str], served: Path) -> None:
    whole = (served / NAMES[0]).read_bytes()
    (served / NAMES[0]).write_bytes(whole[:-1] + b"x")
    with pytest.raises(DataError, match=r"it arrived damaged \(its MD5 differs\)"):
        load_idx(SOURCE, tmp_path / "data", silent)
    assert _nothing_but_the_lock(tmp_path / "data")
    (served / NAMES[0]).write_bytes(whole)
    assert len(load_idx(SOURCE, tmp_path / "data", silent).y) == 200


class _CutOff(SimpleHTTPRequestHandler):
    """Promises a megabyte and hangs up after 1,000 bytes."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self.wfile.write(bytes(1000))

    def log_message(self, format: str, *args: object) -> None: ...


class _Endless(_CutOff):
    """Sends until nobody listens."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(bytes(65536))
        except OSError:
            self.close_connection = True


class _Silent(_CutOff):
    """Says that it will answer, and does not until it is let go."""

    let_go = threading.Event()

    def do_GET(self) -> None:
        self.let_go.wait(PATIENCE)


def test_a_connection_that_breaks_off_leaves_what_arrived(
    tmp_path: Path, served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(served, _CutOff) as (url, _):
        monkeypatch.setattr(_fashion(), "mirrors", [url])
        with pytest.raises(DataError, match="the connection broke off after 1,000 of 1,000,000 bytes"):
            load_idx(SOURCE, tmp_path / "data", silent)
    assert _unfinished(tmp_path / "data") == {f"{NAMES[0]}.part": 1000}


def test_more_bytes_than_there_can_be_are_not_taken(
    tmp_path: Path, served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = list[float]()
    with serving(served, _Endless) as (url, _):
        monkeypatch.setattr(_fashion(), "mirrors", [url])
        with pytest.raises(DataError, match="it is larger than it should be"):
            load_idx(SOURCE, tmp_path / "data", lambda text, share: most.append(share))
    assert max(most) == 1
    assert _nothing_but_the_lock(tmp_path / "data")


def test_a_server_that_says_nothing_is_given_up(tmp_path: Path, served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_download, "SILENCE_S", 0.2)
    with serving(served, _Silent) as (url, _):
        monkeypatch.setattr(_fashion(), "mirrors", [url])
        try:
            with pytest.raises(DataError, match=r"no answer within 0\.2 s"):
                load_idx(SOURCE, tmp_path / "data", silent)
        finally:
            _Silent.let_go.set()


def test_a_download_that_only_trickles_is_given_up(
    tmp_path: Path, served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 1_000_000, 30))
    monkeypatch.setattr("reglab.datasets._download.time.monotonic", lambda: float(next(clock)))
    monkeypatch.setattr(_download, "SLOWEST", 10_000_000)
    monkeypatch.setattr(_download, "_acquire", lambda lock, label, progress: lock.acquire())
    with serving(served) as (url, _):
        monkeypatch.setattr(_fashion(), "mirrors", [url])
        with pytest.raises(DataError, match="it comes too slowly"):
            load_idx(SOURCE, tmp_path / "data", silent)


def test_whoever_watches_can_stop_a_download(tmp_path: Path, address: list[str]) -> None:
    class Cancelled(Exception):
        pass

    def cancel(text: str, share: float) -> None:
        if text.startswith("Downloading"):
            raise Cancelled

    with pytest.raises(Cancelled):
        load_idx(SOURCE, tmp_path / "data", cancel)
    assert list(_unfinished(tmp_path / "data")) == [f"{NAMES[0]}.part"]
    assert len(load_idx(SOURCE, tmp_path / "data", silent).y) == 200


def test_threads_that_want_the_same_download_it_once(tmp_path: Path, address: list[str]) -> None:
    with ThreadPoolExecutor(4) as pool:
        loads = [pool.submit(load_idx, SOURCE, tmp_path / "data", silent) for _ in range(4)]
        assert [len(load.result().y) for load in loads] == [200] * 4
    assert sorted(address) == sorted(f"/{name}" for name in NAMES)


IN_A_PROCESS = """
import sys
from dataclasses import replace
from pathlib import Path
from reglab._torchvision import load_torchvision
from reglab.datasets import fashion_mnist
from reglab.datasets._idx_sets import load_idx
url, folder, *checksums = sys.argv[1:]
cls = load_torchvision().datasets.FashionMNIST
cls.mirrors, cls.resources = [url], list(zip([name for name, _ in cls.resources], checksums))
source = replace(fashion_mnist.SOURCE, elsewhere=(), megabytes=0.2)
print("loading", flush=True)
print(len(load_idx(source, Path(folder), lambda text, share: print(text, flush=True)).y))
"""


def _process(url: str, folder: Path) -> subprocess.Popen[str]:
    checksums = [checksum for _, checksum in _fashion().resources]  # type: ignore[attr-defined]
    command = [sys.executable, "-c", IN_A_PROCESS, url, str(folder), *checksums]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_processes_that_want_the_same_download_it_once(tmp_path: Path, address: list[str]) -> None:
    url = _fashion().mirrors[0]  # type: ignore[attr-defined]
    processes = [_process(url, tmp_path / "data") for _ in range(2)]
    ends = [process.communicate(timeout=PATIENCE)[0].splitlines()[-1] for process in processes]
    assert ends == ["200", "200"]
    assert address == [f"/{name}" for name in NAMES]


class _HalfThenWait(_CutOff):
    """Sends half of the first file and then waits for the process on the other side to be killed."""

    def do_GET(self) -> None:
        data = (Path(self.directory) / self.path.lstrip("/")).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])
        self.wfile.flush()
        _Silent.let_go.wait(PATIENCE)


def test_a_killed_download_leaves_nothing_that_is_read_and_is_resumed(
    tmp_path: Path, served: Path, address: list[str]
) -> None:
    _Silent.let_go.clear()
    folder = tmp_path / "data"
    with serving(served, _HalfThenWait) as (url, _):
        process = _process(url, folder)
        try:
            assert process.stdout is not None
            assert any(line.startswith("Downloading") for line in process.stdout)  # returns at the first such line
        finally:
            process.kill()
            process.communicate()
            _Silent.let_go.set()
    half = (served / NAMES[0]).stat().st_size // 2
    ((name, size),) = _unfinished(folder).items()
    assert name == f"{NAMES[0]}.part"
    assert 0 < size <= half
    (folder / ".fashion_mnist.unfinished" / "half-unpacked").touch()
    (folder / ".fashion_mnist.scratch-old").mkdir()
    assert status(replace(DATASETS.get("mnist"), find=lambda _: None), folder).state == "download"
    assert not (folder / "FashionMNIST").exists()
    assert len(load_idx(SOURCE, folder, silent).y) == 200
    assert {file.name for file in folder.iterdir()} == KEPT


def test_waiting_for_another_process_is_told_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_download, "WAIT_S", 0.0)
    told = list[str]()
    with (
        FileLock(tmp_path / ".fashion_mnist.lock"),
        pytest.raises(DataError, match="Another process has not finished downloading Fashion-MNIST"),
    ):
        load_idx(SOURCE, tmp_path, lambda text, share: told.append(text))
    assert told == ["Waiting for another download of Fashion-MNIST"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError) as error:
        load_idx(SOURCE, tmp_path / "file" / "data", silent)
    assert str(error.value) == (
        f"Fashion-MNIST cannot be put into {tmp_path}/file/data: Not a directory. "
        "Make room there, or set REGLAB_DATA to another folder."
    )


@needs_full_disk
def test_a_full_disk_is_told(tmp_path: Path, address: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_download, "_copy", write_to_a_full_disk)
    with pytest.raises(DataError, match=r"cannot be put into .*: No space left on device\. Make room there"):
        load_idx(SOURCE, tmp_path / "data", silent)


def test_cifar_is_downloaded_checked_and_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cls, served, folder = cifar10.SOURCE.torchvision_class, tmp_path / "served", tmp_path / "data"
    write_cifar(tmp_path, cls)
    trust_cifar(monkeypatch, cls, tmp_path)
    served.mkdir()
    pack_cifar(monkeypatch, cls, tmp_path, served / cls.filename)
    told = list[str]()
    with serving(served) as (url, asked):
        monkeypatch.setattr(cls, "url", url + cls.filename)
        assert len(load_images("cifar10", folder, lambda text, share: told.append(text)).y) == 500
    assert asked == [f"/{cls.filename}"]
    assert {file.name for file in folder.iterdir()} == {cls.base_folder, ".cifar10.lock", ".cifar10.downloaded.json"}
    assert told[0].startswith("Downloading CIFAR-10: ")
    assert told[0].endswith(" of 170.5 MB")
    assert told[-3:] == ["Unpacking CIFAR-10", "Reading CIFAR-10", "Reading CIFAR-10"]


def test_svhn_is_downloaded_and_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cls, served = load_torchvision().datasets.SVHN, tmp_path / "served"
    write_svhn(monkeypatch, served)
    _, name, checksum = cls.split_list["train"]
    with serving(served) as (url, _):
        monkeypatch.setattr(cls, "split_list", {**cls.split_list, "train": [url + name, name, checksum]})
        assert len(load_images("svhn", tmp_path / "data").y) == 200
    shutil.rmtree(served)
    assert (tmp_path / "data" / name).is_file()
