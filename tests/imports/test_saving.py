"""Saving: what was understood is what training gets, in the chosen form; nothing is left of what was not finished."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.factories import add_run
from tests.imports.building import class_folders, encoded, folder, medmnist, npz, pixels, zipped

from reglab.cli import main
from reglab.datasets import DATASETS, imported, load_images
from reglab.datasets.cache import load_test_images
from reglab.datasets.imported import FOLDER, saved_sets
from reglab.errors import DataError
from reglab.imports import Asked, decoders, save, understand
from reglab.settings import load_settings
from reglab.spec import RunSpec
from reglab.store import open_store


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of a home of its own."""
    monkeypatch.delenv("REGLAB_DATA", raising=False)
    monkeypatch.setenv("REGLAB_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(imported, "_places", [])  # other tests see nothing of it
    return tmp_path / "home" / "data"


def left_in(data: Path) -> list[str]:
    return sorted(path.name for path in (data / FOLDER).glob("*")) if (data / FOLDER).is_dir() else []


def test_a_saved_set_is_a_data_set_with_its_own_parts(tmp_path: Path, data: Path) -> None:
    arrays = medmnist(12, 28, 3)
    found = understand(npz(tmp_path / "blood.npz", arrays))
    choices = replace(
        found.proposed, name="blood", label="Blood\x1b cells", licence="CC BY 4.0", classes=("a", "b", "c")
    )
    manifest = save(found, choices, data)
    entry = DATASETS.get("blood")
    assert (entry.label, entry.licence, entry.classes) == ("Blood cells", "CC BY 4.0", ("a", "b", "c"))
    assert (entry.size, entry.own_val, entry.digest) == (24, 12, manifest.digest)
    pool, test = load_images("blood", data), load_test_images("blood", data)
    assert test is not None
    every = np.concatenate([arrays["train_images"], arrays["val_images"]])
    assert np.array_equal(pool.x.numpy(), every.transpose(0, 3, 1, 2))
    assert np.array_equal(test.x.numpy(), arrays["test_images"].transpose(0, 3, 1, 2))
    assert test.y.tolist() == arrays["test_labels"].ravel().tolist()
    assert save(found, choices, data) == manifest


@pytest.mark.parametrize("colour", ["grey", "rgb"])
@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_images_are_those_of_pillow_in_the_chosen_form(tmp_path: Path, data: Path, colour: Any, fit: Any) -> None:
    images = [np.asarray(Image.fromarray(image).resize((20, 30))) for image in pixels(4, 24, 3)]
    path = zipped(tmp_path / "a.zip", {f"{'ab'[n % 2]}/{n}.png": encoded(image) for n, image in enumerate(images)})
    found = understand(path, asked=Asked(fit=fit))
    save(found, replace(found.proposed, name="own", side=10, colour=colour), data)
    plain = Image.fromarray(images[0])
    if fit == "crop":
        plain = plain.resize((10, 10), Image.Resampling.BILINEAR, box=(0, 5, 20, 25))
    elif fit == "stretch":
        plain = plain.resize((10, 10), Image.Resampling.BILINEAR)
    else:
        whole = Image.new("RGB", (10, 10))
        whole.paste(plain.resize((7, 10), Image.Resampling.BILINEAR), (1, 0))
        plain = whole
    wanted = np.asarray(plain.convert("L" if colour == "grey" else "RGB")).reshape(10, 10, -1).transpose(2, 0, 1)
    assert np.abs(load_images("own", data).x.numpy()[0].astype(int) - wanted).max() <= 1


def test_a_choice_after_reading_gives_what_asking_before_gives(tmp_path: Path, data: Path) -> None:
    path = zipped(tmp_path / "a.zip", class_folders(3, side=24))
    later, before = understand(path), understand(path, asked=Asked(side=12, colour="grey"))
    first = save(later, replace(later.proposed, name="one", side=12, colour="grey"), data)
    with pytest.raises(DataError, match="saved as one already"):
        save(before, replace(before.proposed, name="two"), data)
    assert load_images("one", data).x.shape == (6, 1, 12, 12)
    assert first.settings["side"] == 12


def test_processes_decode_as_this_one_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "a.zip", class_folders(20) | {"cat/bad.png": b"x"})
    alone = understand(path)
    monkeypatch.setattr(decoders, "FROM", 0)
    monkeypatch.setattr(decoders, "available_cores", lambda: 2)
    shared = understand(path)
    assert (shared.counts, shared.bad, shared.sizes) == (alone.counts, alone.bad, alone.sizes)
    every = alone.images.of("train")
    assert np.array_equal(shared.spool.get(every), alone.spool.get(every))


def test_jpeg_is_turned_upright(tmp_path: Path) -> None:
    upright = np.zeros((16, 24, 3), np.uint8)
    upright[:, 12:] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side: shown turned by a quarter
    file = io.BytesIO()
    Image.fromarray(upright).rotate(90, expand=True).save(file, "JPEG", exif=exif.tobytes(), quality=95)
    found = understand(folder(tmp_path / "set", class_folders(1, side=16) | {"cat/9.jpg": file.getvalue()}))
    assert (24, 16, 1) in found.sizes
    image = found.spool.get(found.images.of("train"))[1, :, :, :]
    assert image[:, :, :4].mean() < 20
    assert image[:, :, -4:].mean() > 235


def test_duplicates_are_counted_within_and_across_parts_and_with_other_labels(tmp_path: Path) -> None:
    arrays = medmnist(12)
    arrays["val_images"][0] = arrays["train_images"][0]  # with the same label
    arrays["val_images"][1] = arrays["train_images"][5]  # label 1 against 2
    arrays["train_images"][3] = arrays["train_images"][9]
    found = understand(npz(tmp_path / "a.npz", arrays)).duplicates
    assert (found.within, found.across, found.conflicts) == (1, 4, 2)
    assert found.examples[0] == ("train image 6", "val image 2")


def test_the_quota_and_the_choices_are_kept(tmp_path: Path, data: Path) -> None:
    found = understand(folder(tmp_path / "set", class_folders()))
    with pytest.raises(DataError, match="REGLAB_IMPORT_GB"):
        save(found, found.proposed, data, quota=6 * 8 * 8 * 3 - 1)
    for change, sentence in (
        ({"side": 7}, "8 to 224 pixels a side"),
        ({"side": 225}, "8 to 224 pixels a side"),
        ({"name": "digits"}, "RegLab comes with"),
        ({"name": "../evil"}, "lower-case letters"),
        ({"classes": ("a",)}, "2 classes, and 1 names"),
        ({"classes": ("a", "\x01")}, "a name of its own"),
    ):
        with pytest.raises(DataError, match=sentence):
            save(found, replace(found.proposed, **change), data)
    assert left_in(data) == []
    save(found, found.proposed, data, quota=6 * 8 * 8 * 3 + 10_000)


def test_files_that_change_between_reading_and_saving_are_noticed(tmp_path: Path, data: Path) -> None:
    place = folder(tmp_path / "set", class_folders())
    found = understand(place)
    (place / "cat" / "1.png").write_bytes(b"other")
    with pytest.raises(DataError, match="have changed"):
        save(found, replace(found.proposed, side=9), data)


KILLED = """
import os, signal, sys
from pathlib import Path
from reglab.imports import save, understand
found = understand(Path(sys.argv[1]), scratch=Path(sys.argv[2]))
save(found, found.proposed, Path(sys.argv[2]), lambda text, share: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_what_a_killed_import_leaves_is_gone_with_the_next(tmp_path: Path, data: Path) -> None:
    path = folder(tmp_path / "set", class_folders())
    data.mkdir(parents=True)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path), str(data)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not list(saved_sets(data))
    assert [name for name in left_in(data) if not name.startswith(".set.")] == []
    found = understand(path)
    save(found, found.proposed, data)
    assert [name for name in left_in(data) if name != ".lock"] == ["set"]


def test_the_command_imports_and_removes(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder(tmp_path / "set", class_folders())
    options = ["--name", "pets", "--label", "Pets", "--resize", "9", "--colour", "grey", "--licence", "mine"]
    assert main(["data", "import", str(path), *options, "--class-names", "Cat,Dog", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    entry = DATASETS.get("pets")
    assert (result["saved"], result["digest"], result["side"]) == (True, entry.digest, 9)
    assert (entry.shape, entry.label, entry.classes, entry.licence) == ((1, 9, 9), "Pets", ("Cat", "Dog"), "mine")
    assert main(["data", "import", str(path), *options, "--class-names", "Cat,Dog"]) == 0
    assert "reglab train --set data.name=pets --set data.train_size=none\n" in capsys.readouterr().out
    assert main(["data", "remove", "pets"]) == 2
    assert "No run used it. Confirm with --yes." in capsys.readouterr().err
    with open_store(load_settings()) as store:
        assert {(one.person, one.action, one.name) for one in store.audit_log(9)} == {(None, "import data", "pets")}
        run = add_run(store, RunSpec().with_changes({"data.name": "pets"}))
    assert main(["data", "remove", "pets"]) == 2
    assert f"1 run used it ({run.id})" in capsys.readouterr().err
    assert main(["data", "remove", "pets", "--yes"]) == 0
    assert "Its record stays" in capsys.readouterr().out
    assert [one.name for one in saved_sets(data)] == ["pets"]
    for argv, sentence in (
        (["import", str(path)], "reglab data import PATH --name NAME"),
        (["import", "--name", "pets"], "reglab data import PATH --name NAME"),
        (["import", str(path), "--name", "x", "--resize", "300"], "from 8 to 224 pixels"),
        (["remove"], "needs the name of a data set: reglab data remove"),
        (["remove", "nothing", "--yes"], "no imported set 'nothing'"),
    ):
        assert main(["data", *argv]) == 2
        assert sentence in capsys.readouterr().err


def test_a_read_only_home_takes_no_set_but_shows_what_is_there(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGLAB_READ_ONLY", "1")
    path = folder(tmp_path / "set", class_folders())
    assert main(["data", "import", str(path), "--name", "pets"]) == 2
    assert "read-only" in capsys.readouterr().err.lower()
    assert main(["data", "import", str(path), "--dry-run"]) == 0
    assert main(["data", "remove", "pets", "--yes"]) == 2
    assert not data.exists()
