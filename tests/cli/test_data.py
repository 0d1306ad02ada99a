"""``reglab data``: which data sets are at hand, and the decoded images on the disk, which alone it removes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.datasets.files import IMAGES, LABELS, TEST_NAMES, md5, serving, write_idx_pair
from tests.factories import add_run, spec

from reglab._torchvision import load_torchvision
from reglab.cli import main
from reglab.datasets import DATASETS, load_images
from reglab.datasets.cache import forget_images
from reglab.settings import load_settings
from reglab.store import open_store


@pytest.fixture(autouse=True)
def environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REGLAB_DATA", raising=False)
    monkeypatch.setenv("REGLAB_HOME", str(home))
    home.mkdir()
    write_idx_pair(home / "data" / "MNIST" / "raw")
    forget_images()


def ended(capsys: pytest.CaptureFixture[str], *argv: str) -> list[dict[str, Any]]:
    assert main(["data", *argv, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def audited() -> list[tuple[str, str | None]]:
    """What the audit log has, oldest first."""
    with open_store(load_settings()) as store:
        return [(one.action, one.name) for one in store.audit_log(100)][::-1]


def files(home: Path) -> list[str]:
    """All files of the home but for locks."""
    paths = (path for path in home.rglob("*") if path.is_file() and path.suffix != ".lock")
    return sorted(str(path.relative_to(home)) for path in paths)


def test_the_list_says_where_each_data_set_is_and_what_is_decoded(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load_images("mnist", home / "data")
    listed = {line["name"]: line for line in ended(capsys)}
    assert list(listed) == DATASETS.names()
    assert listed["mnist"]["state"] == "ready"
    assert listed["mnist"]["sentence"] == f"Ready: {home / 'data' / 'MNIST' / 'raw'}"
    assert listed["mnist"]["cached_bytes"] > 200 * 28 * 28
    assert (listed["kmnist"]["state"], listed["kmnist"]["cached_bytes"]) == ("download", 0)
    assert main(["data", "list"]) == 0
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("mnist ")]
    assert line.startswith("mnist             200 of 1×28×28")
    assert line.endswith("raw; 153 KiB of files; 155 KiB decoded")


def test_the_list_says_what_a_data_set_takes_and_who_uses_it(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_store(load_settings()) as store:
        add_run(store, spec(data__name="mnist"))
        deleted = add_run(store, spec(data__name="mnist"))
        store.delete([deleted.id])
    raw = home / "data" / "MNIST" / "raw"
    listed = {line["name"]: line for line in ended(capsys, "list")}
    mnist = listed["mnist"]
    assert (mnist["runs"], mnist["images"], mnist["place"]) == (1, 200, str(raw))
    assert sorted(mnist["files"]) == sorted(map(str, raw.iterdir()))
    assert mnist["bytes"] == sum(file.stat().st_size for file in raw.iterdir())
    assert (mnist["licence"], mnist["test_images"], mnist["test_state"]) == ("CC BY-SA 3.0", 10_000, "download")
    assert (listed["digits"]["test_images"], listed["digits"]["runs"]) == (None, 0)
    assert all(line["licence"] and line["source"] for line in listed.values())


def test_a_damaged_file_is_named_in_the_list(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    damaged = home / "data" / "MNIST" / "raw" / f"{LABELS}.gz"
    damaged.write_bytes(damaged.read_bytes()[:-20])
    problem = next(line["problem"] for line in ended(capsys, "list") if line["name"] == "mnist")
    assert str(damaged) in problem


def test_the_cache_is_shown_last_used_first_and_cleared_with_nothing_else_gone(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audited() == []
    before = files(home)
    for name in ("digits", "mnist"):
        load_images(name, home / "data")
    digits, mnist, total = sorted(ended(capsys, "cache"), key=lambda line: str(line.get("dataset", "z")))
    os.utime(mnist["path"], (10, 10))
    assert [line["dataset"] for line in ended(capsys, "cache")[:-1]] == ["digits", "mnist"]
    assert ended(capsys, "cache")[1]["used"] == "1970-01-01T00:00:10+00:00"
    assert (total["entries"], total["bytes"]) == (2, digits["bytes"] + mnist["bytes"])
    assert total["bytes"] <= total["limit"]
    cleared = ended(capsys, "cache", "--clear")
    assert (cleared[-1]["entries"], cleared[-1]["cleared"]) == (2, True)
    assert files(home) == before
    assert ended(capsys, "cache")[-1]["entries"] == 0
    assert audited() == [("clear cache", None)]


def test_only_the_cache_can_be_cleared(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "--clear"]) == 2
    assert "reglab data cache --clear" in capsys.readouterr().err


def test_a_cache_that_cannot_be_read_is_one_sentence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "cache").write_text("no folder")
    assert main(["data", "cache"]) == 2
    assert capsys.readouterr().err.startswith(f"reglab: {home / 'cache'} cannot be used: ")


def test_a_download_and_its_deletion(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    served = home / "served"
    write_idx_pair(served)
    write_idx_pair(served, 100, names=TEST_NAMES)
    cls = load_torchvision().datasets.KMNIST
    names = [f"{name}.gz" for name in (IMAGES, LABELS, *TEST_NAMES)]
    monkeypatch.setattr(cls, "resources", [(name, md5(served / name)) for name in names])
    monkeypatch.setenv("no_proxy", "*")
    with serving(served) as (url, _):
        monkeypatch.setattr(cls, "mirrors", [url])
        *progress, last = ended(capsys, "download", "kmnist")
    assert last == {"dataset": "kmnist", "place": str(home / "data" / "KMNIST" / "raw"), "bytes": last["bytes"]}
    assert progress[0]["text"].startswith("Downloading KMNIST: ")
    assert main(["data", "remove", "kmnist"]) == 0
    assert "deleted." in capsys.readouterr().out
    assert {line["name"]: line for line in ended(capsys, "list")}["kmnist"]["state"] == "download"
    assert ended(capsys, "remove", "mnist") == [{"dataset": "mnist", "bytes": 0, "changed": []}]
    assert audited() == [("download data", "kmnist"), ("delete data", "kmnist")]


@pytest.mark.parametrize("action", ["download", "remove"])
def test_a_read_only_home_is_left_alone(
    action: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGLAB_READ_ONLY", "1")
    assert main(["data", action, "kmnist"]) == 2
    assert "REGLAB_READ_ONLY" in capsys.readouterr().err


def test_a_download_that_is_cut_off_says_how_it_goes_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("reglab.datasets.downloads.download", cut_off)
    assert main(["data", "download", "kmnist"]) == 130
    assert "`reglab data download kmnist` resumes it" in capsys.readouterr().err
