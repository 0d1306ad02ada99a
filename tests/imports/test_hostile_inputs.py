"""Hostile inputs: each ends in one sentence, runs nothing, writes nothing, and takes little time and memory."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from weakref import WeakSet

import pytest
from tests.imports import hostile
from tests.imports.building import class_folders, encoded, folder, pixels, zipped
from tests.imports.hostile_files import folder_with, zip_damaged, zip_linking

from reglab.cli import main
from reglab.errors import DataError
from reglab.imports import Asked, Found, Limits, decoders, inside, spool, understand
from reglab.imports.decoding import Target
from reglab.imports.found_text import sentences

SECONDS = 5.0
"""Of processor time that one input may take."""

MEMORY = 300 * 2**20


def seconds() -> float:
    """Processor time of this process and those that it has waited for."""
    return sum(os.times()[:4])


def one_sentence(text: str) -> str:
    assert text.endswith(".")
    assert "\n" not in text
    assert len(text) < 400
    assert text.isprintable()
    return text


def understood(path: Path) -> Found:
    before = seconds()
    found = understand(path)
    assert seconds() - before < SECONDS
    for sentence in sentences(found, found.proposed):
        assert sentence.isprintable()
    return found


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REGLAB_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("REGLAB_DATA", raising=False)
    return tmp_path / "home"


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes an input of :data:`hostile.REFUSED`, in a folder of its own, once."""

    @cache
    def made(name: str) -> Path:
        return hostile.REFUSED[name][0](tmp_path_factory.mktemp("hostile"))

    return made


@pytest.mark.parametrize("name", hostile.REFUSED)
def test_what_cannot_be_imported_is_refused_on_the_command_line(
    build: Callable[[str], Path],
    name: str,
    home: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = build(name)
    before, there = seconds(), sorted(path.parent.rglob("*"))
    assert main(["data", "import", str(path), "--name", "mine"]) == 2
    assert seconds() - before < SECONDS
    assert re.search(hostile.REFUSED[name][1], one_sentence(capsys.readouterr().err.strip()))
    assert sorted(path.parent.rglob("*")) == there
    assert not home.exists()


@pytest.mark.parametrize(("data", "pattern"), hostile.LEFT_OUT.values(), ids=hostile.LEFT_OUT.keys())
def test_a_bad_file_is_left_out_with_its_reason(tmp_path: Path, data: bytes, pattern: str) -> None:
    found = understood(zipped(tmp_path / "set.zip", class_folders() | {"cat/bad.png": data}))
    assert (found.total, found.bad.total, found.counts["train"]) == (6, 1, (3, 3))
    name, reason = found.bad.named[0]
    assert name == "cat/bad.png"
    assert re.search(pattern, reason)


@pytest.mark.parametrize(("data", "pattern"), hostile.TAKEN.values(), ids=hostile.TAKEN.keys())
def test_an_unusual_image_is_taken_with_a_remark(tmp_path: Path, data: bytes, pattern: str) -> None:
    found = understood(folder(tmp_path / "set", class_folders() | {"cat/odd.png": data}))
    assert (found.total, found.bad.total) == (7, 0)
    assert any(re.search(pattern, remark) for remark in found.remarks) if pattern else True


@pytest.mark.parametrize(("raw", "name"), hostile.NAMES.values(), ids=hostile.NAMES.keys())
@pytest.mark.parametrize("as_zip", [True, False])
def test_names_of_classes_are_cleaned_and_stay_text(tmp_path: Path, raw: str, name: str, as_zip: bool) -> None:
    files = class_folders(2, (raw, "~other"))
    found = understood(zipped(tmp_path / "set.zip", files) if as_zip else folder(tmp_path / "set", files))
    assert set(found.classes) == {name, "~other"}


def put_link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def put_pipe(path: Path) -> None:
    os.mkfifo(path)


def put_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(os.path.relpath(path))


@pytest.mark.parametrize(
    ("make", "reason"),
    [(put_link, "links are not followed"), (put_pipe, "no plain file"), (put_socket, "no plain file")],
)
def test_links_pipes_and_sockets_are_not_opened(
    tmp_path: Path, make: Callable[[Path], None], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = understood(folder_with("cat/9.png", make)(tmp_path))
    assert found.bad.named == (("cat/9.png", found.bad.named[0][1]),)
    assert reason in found.bad.named[0][1]


def test_links_to_folders_and_in_zip_files_are_not_followed(tmp_path: Path) -> None:
    outside = folder(tmp_path / "outside", class_folders())
    found = understood(folder_with("linked", lambda path: path.symlink_to(outside))(tmp_path))
    assert (found.total, found.bad.named[0][0]) == (6, "linked")
    found = understood(zip_linking("/etc/passwd")(tmp_path))
    assert found.bad.named == (("cat/9.png", "is a link, and links are not followed"),)
    assert understood(zip_damaged(tmp_path)).bad.named == (("cat/9.png", "is damaged in the zip file"),)


def test_a_folder_of_too_many_files_is_refused(tmp_path: Path) -> None:
    place = folder(tmp_path / "set", {f"cat/{n}.png": b"" for n in range(200)})
    with pytest.raises(DataError, match="has more than 100 files"):
        understand(place, Limits(members=100))


def test_the_page_reads_nothing_outside_the_data_folder(tmp_path: Path) -> None:
    data, outside = folder(tmp_path / "data", {"own/a.png": b""}), folder(tmp_path / "other", {"a.png": b""})
    (data / "link").symlink_to(outside)
    assert inside(data, "own") == inside(data, str(data / "own")) == data / "own"
    for text in ("../other", "../absent", "own/../../other", str(outside), "link", "link/a.png", "link/b", "", "."):
        with pytest.raises(DataError, match="is not inside the data folder"):  # the same whether it is there or not
            inside(data, text)
    for text in ("absent", "own/a.png/b", "a\0b", "x" * 300):
        with pytest.raises(DataError, match="There is no"):
            inside(data, text)


def test_the_command_line_shows_what_is_left_out(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = {f"cat/{n}.png": data for n, (data, _) in enumerate((hostile.LEFT_OUT | hostile.TAKEN).values())}
    odd = {f"{raw}/0.png": encoded(pixels(1)[0]) for raw, _ in hostile.NAMES.values()}
    path = zipped(tmp_path / "set.zip", class_folders() | bad | odd)
    assert main(["data", "import", str(path), "--dry-run"]) == 0
    printed = capsys.readouterr().out
    assert all(line.isprintable() for line in printed.splitlines())
    assert main(["data", "import", str(path), "--dry-run", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (result["bad"]["total"], result["saved"]) == (len(hostile.LEFT_OUT), False)
    assert not home.exists()


PEAK = """
import resource, sys
from pathlib import Path
from reglab.errors import DataError
from reglab.imports import understand
import PIL.Image, numpy, reglab.imports.decoders, reglab.imports.npz, reglab.imports.csv
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[1:]:
    try:
        understand(Path(path))
    except DataError:
        pass
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(grown, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_heavy_inputs_take_little_memory(tmp_path: Path, build: Callable[[str], Path]) -> None:
    heavy = [
        "zip bomb", "npz bomb", "idx bomb", "idx that promises gigabytes", "CSV without line ends", "Parquet bomb",
        "a million members claimed", "header with billions of images",
    ]  # fmt: skip
    paths = [build(name) for name in heavy]
    bad = {f"cat/{n}.png": data for n, (data, _) in enumerate(hostile.LEFT_OUT.values())}
    large = {f"dog/l{n}.png": encoded(pixels(1, 2500, 3)[0], "PNG", compress_level=0) for n in range(2)}
    paths.append(zipped(tmp_path / "set.zip", class_folders() | bad | large))
    run = subprocess.run([sys.executable, "-c", PEAK, *map(str, paths)], capture_output=True, text=True, check=True)
    grown, child = (1024 * int(number) for number in run.stdout.split())
    assert grown < MEMORY
    assert child < 2 * MEMORY  # a whole process with Arrow's libraries, of which the growth is bounded


def test_what_is_kept_while_images_are_read_is_bounded_for_all_imports_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large images before many small ones would have each of them kept at the size of the large."""
    monkeypatch.setattr(spool, "_SPOOLS", WeakSet())
    big, small = encoded(pixels(1, 224)[0]), encoded(pixels(1, 1)[0])
    files = {f"a/{n:03}.png": big for n in range(200)} | {f"b/{n:03}.png": small for n in range(200)}
    path = zipped(tmp_path / "set.zip", files)
    room = 2 * 400 * 48**2
    first = understand(path, room=room)
    assert (first.spool.target.side, first.total) == (48, 400)
    assert understand(path, room=room).spool.target.side == 32
    assert understand(path, Limits(), asked=Asked(side=8), room=room).spool.target.side == 8
    with pytest.raises(DataError, match=r"^400 images of 224×224 pixels need 19 MiB .* there is room for \d+ KiB\.$"):
        understand(path, asked=Asked(side=224), room=room)
    with pytest.raises(DataError, match=r"^400 images of 8×8 pixels need 25 KiB .* room for 0 bytes\.$"):
        understand(path, room=room // 100)


@pytest.mark.parametrize("processes", [False, True])
def test_an_import_can_be_cancelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: bool) -> None:
    class Cancelled(Exception):
        pass

    def cancel(text: str, share: float) -> None:
        raise Cancelled

    monkeypatch.setattr(decoders, "FROM", 0 if processes else 10**6)
    monkeypatch.setattr(decoders, "available_cores", lambda: 2)
    with pytest.raises(Cancelled):
        understand(folder(tmp_path / "set", class_folders(40)), progress=cancel)
    assert not [thread for thread in threading.enumerate() if "_attend" in thread.name]


def test_what_was_on_its_way_to_a_process_that_is_gone_raises_nothing(tmp_path: Path) -> None:
    kept = spool.Spool(Target(8, 1, "crop", 100), tmp_path, 1)
    with decoders._processes(kept, 1) as (process,):
        process.kill()
        process.wait()
        assert process.stdin is not None
        process.stdin.write(b"x")
    assert process.stdin.closed
