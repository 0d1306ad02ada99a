"""Saved sets: what was written is what is read, names never change their meaning, nothing half-written is a set."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from reglab.datasets import DATASETS, check_data, imported, load_images, pinned, prepare, status
from reglab.datasets.cache import load_test_images
from reglab.datasets.imported import FOLDER, PARTS, Manifest, Part, saved_sets
from reglab.datasets.set_files import SetWriter, remove_set, set_bytes
from reglab.errors import DataError, SpecError, UnknownName
from reglab.spec import DataSpec, RunSpec
from reglab.sweep import SweepSpec

ROOT = Path(__file__).resolve().parents[2]
CLASSES = ("cat", "dog")


def images(n: int, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, 3, 8, 9), dtype=np.uint8), np.arange(n) % 2


def save(folder: Path, name: str = "pets", seed: int = 0, parts: tuple[Part, ...] = PARTS) -> Manifest:
    with SetWriter(folder, name) as writer:
        for at, part in enumerate(parts):
            writer.add(part, *images(30, seed + at))
        return writer.save(label="Pets", classes=CLASSES, settings={"format": "test"})


@pytest.fixture(name="data")
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(imported, "_places", [])
    monkeypatch.setenv("REGLAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("REGLAB_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_what_was_written_is_read_whatever_the_order_and_the_portions(data: Path) -> None:
    with SetWriter(data, "pets") as writer:
        for part, at, n in (("val", 1, 5), ("train", 0, 7), ("test", 2, 4), ("train", 3, 9), ("val", 4, 2)):
            writer.add(part, *images(n, at))  # type: ignore[arg-type]
        writer.save(label="Pets", classes=CLASSES, settings={})
    entry, pool, test = DATASETS.get("pets"), load_images("pets", data), load_test_images("pets", data)
    x, y = zip(*(images(n, at) for at, n in ((0, 7), (3, 9), (1, 5), (4, 2))), strict=True)
    np.testing.assert_array_equal(pool.x.numpy(), np.concatenate(x))
    np.testing.assert_array_equal(pool.y.numpy(), np.concatenate(y))
    assert test is not None
    np.testing.assert_array_equal(test.x.numpy(), images(4, 2)[0])
    assert (entry.size, entry.own_val, entry.shape, entry.test and entry.test.size) == (23, 7, (3, 8, 9), 4)
    assert entry.counts is not None
    assert entry.counts(data) == tuple(np.bincount(pool.y.numpy()))


def test_it_is_a_data_set_like_others(data: Path) -> None:
    save(data)
    assert DATASETS.names()[-1] == "pets"
    assert status(DATASETS.get("pets"), data).state == "ready"
    spec = DataSpec(name="pets", train_size=20, test_fraction=0.2)
    assert check_data(spec).left == 42
    split = prepare(spec, data)
    assert (split.classes, split.test.source, len(split.test.index)) == (CLASSES, "official", 30)


def test_images_are_mapped_not_read(data: Path) -> None:
    save(data)
    pixels = load_images("pets", data).x
    pixels[0] = 0  # a copy of the page, not the file
    assert np.load(data / FOLDER / "pets" / "pool.npy")[0].any()


def test_equal_content_has_the_same_address_and_other_content_another(data: Path, tmp_path: Path) -> None:
    assert save(data).digest == save(tmp_path / "other", "dogs").digest
    assert save(data).digest == save(data).digest  # again is no fault
    others = {
        save(tmp_path / "a", seed=9).digest,
        save(tmp_path / "b", parts=("train", "val")).digest,
        save(tmp_path / "c", parts=("train", "test")).digest,
    }
    assert len(others | {save(data).digest}) == 4


def test_a_name_keeps_its_meaning(data: Path) -> None:
    save(data)
    with pytest.raises(DataError, match="pets already means other images; choose another name"):
        save(data, seed=9)
    with pytest.raises(DataError, match="The same images are saved as pets already"):
        save(data, "dogs")
    remove_set(data, "pets", forget=False)
    with pytest.raises(DataError, match="pets already means other images, which were removed"):
        save(data, seed=9)
    assert save(data).name == "pets"  # the right ones come back
    assert len(load_images("pets", data).y) == 60
    remove_set(data, "pets", forget=True)
    assert save(data, seed=9).name == "pets"
    assert (load_images("pets", data).x[0].numpy() == images(30, 9)[0][0]).all()


def test_a_removed_set_is_known_but_not_at_hand(data: Path) -> None:
    save(data)
    before = set_bytes(data)
    assert remove_set(data, "pets", forget=False) >= before > 0 == set_bytes(data)
    entry = DATASETS.get("pets")
    assert (entry.classes, status(entry, data).state) == (CLASSES, "missing")
    with pytest.raises(DataError, match="not here; import them again"):
        entry.load(data, lambda text, share: None)
    remove_set(data, "pets", forget=True)
    assert list(saved_sets(data)) == []
    with pytest.raises(UnknownName):
        DATASETS.get("pets")
    with pytest.raises(DataError, match="There is no imported set"):
        remove_set(data, "pets", forget=True)
    with pytest.raises(DataError, match="There is no imported set"):
        remove_set(data, "../data", forget=True)


def test_specs_of_runs_name_the_content(data: Path) -> None:
    digest = save(data).digest
    run = RunSpec().with_changes({"data.name": "pets", "data.train_size": 20})
    assert pinned(run).data.digest == digest
    assert pinned(SweepSpec(run=run, l2=(0.0, 0.1))).run.data.digest == digest
    assert pinned(RunSpec()) == RunSpec()
    other = run.with_changes({"data.digest": "0" * 64})
    for refused in (lambda: pinned(other), lambda: check_data(other.data)):
        with pytest.raises(SpecError, match="means the images 00000000 in these settings, and those here are "):
            refused()
    with pytest.raises(SpecError, match="a set of RegLab's own"):
        check_data(DataSpec(digest="0" * 64))


@pytest.mark.parametrize("name", ["", "Pets", "a b", "../a", "a" * 41, "1a", "digits", "ä", "a\n"])
def test_names_that_cannot_be(data: Path, name: str) -> None:
    with pytest.raises(DataError, match=r"A set's name has|comes with"):
        save(data, name)


def write(folder: Path, part: Part, x: NDArray[np.uint8], y: NDArray[np.int64], limit: int | None = None) -> None:
    with SetWriter(folder, "pets", limit) as writer:
        writer.add(part, *images(4))
        writer.add(part, x, y)
        writer.save(label="", classes=CLASSES, settings={})


def test_what_does_not_fit_is_refused_and_leaves_nothing(data: Path) -> None:
    x, y = images(4)
    for pixels, labels in ((x[:, :1], y), (x.astype(np.float32), y), (x, y[:2]), (x[0], y)):
        with pytest.raises(DataError, match="do not fit"):
            write(data, "train", pixels, labels)  # type: ignore[arg-type]
    for labels in (y - 1, y + 1):
        with pytest.raises(DataError, match="A label is"):
            write(data, "train", x, labels)
    with pytest.raises(DataError, match="no training images"):
        write(data, "test", x, y)
    assert not list((data / FOLDER).glob("*pets*"))


def test_the_disk_is_limited(data: Path) -> None:
    save(data, "first")
    with pytest.raises(DataError, match="more than the"):
        write(data, "train", *images(30), limit=set_bytes(data) + 1000)
    assert [one.name for one in saved_sets(data)] == ["first"]


def test_what_a_killed_import_left_goes_with_the_next_one_and_what_still_writes_stays(data: Path) -> None:
    code = (
        "import sys, numpy as np, pathlib; from reglab.datasets.set_files import SetWriter\n"
        "with SetWriter(pathlib.Path(sys.argv[1]), 'lost') as w:\n"
        "    w.add('train', np.zeros((2, 1, 8, 8), np.uint8), np.zeros(2)); print('there', flush=True); input()"
    )
    writing = subprocess.Popen(
        [sys.executable, "-c", code, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with writing:
        assert writing.stdout is not None
        assert writing.stdout.readline() == "there\n"
        save(data)
        assert len(list((data / FOLDER).glob(".lost.*"))) == 1
        os.kill(writing.pid, signal.SIGKILL)
    save(data, "more", seed=5)
    assert not list((data / FOLDER).glob(".lost.*"))


def test_a_damaged_set_says_so(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    save(data)
    pool = data / FOLDER / "pets" / "pool.npy"
    os.truncate(pool, 300)
    with pytest.raises(DataError, match="Pets is damaged"):
        load_images("pets", data)
    (data / FOLDER / "pets" / "set.json").write_text("{")
    assert list(saved_sets(data)) == []
    assert "cannot be read and is left out" in caplog.text
