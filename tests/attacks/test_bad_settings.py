"""Wrong settings: one sentence and exit status 2, before any run exists."""

from __future__ import annotations

from pathlib import Path

import pytest

from reglab.cli import main
from reglab.errors import RegLabError
from reglab.settings import load_settings
from reglab.store import open_store
from reglab.training import choose_device
from reglab.ui.shared.services import open_services

ABSENT = "is not available here; use auto, cpu or cuda."
MPS = "is not supported, because its results have not been shown to agree with the CPU's; use auto or cpu."


@pytest.mark.parametrize(
    ("device", "sentence"), [("nonsense", ABSENT), ("cuda:99", ABSENT), ("meta", ABSENT), ("mps", MPS), ("mps:0", MPS)]
)
def test_a_device_that_cannot_train_is_refused(device: str, sentence: str) -> None:
    with pytest.raises(RegLabError, match=sentence.replace(".", r"\.")):
        choose_device(device)


@pytest.mark.parametrize("command", [["train"], ["sweep", "--l2", "0"], ["claims", "l1-zeros"], ["resume", "r"]])
def test_a_bad_device_is_refused_before_a_run_exists(
    command: list[str], home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REGLAB_HOME", str(home))
    monkeypatch.setenv("REGLAB_DEVICE", "cuda:99")
    assert main(command) == 2
    assert capsys.readouterr().err == f"reglab: The device 'cuda:99' {ABSENT}\n"
    assert not home.exists()


def test_a_bad_device_is_said_on_every_page_instead_of_failing_every_run(home: Path) -> None:
    with pytest.raises(RegLabError, match=ABSENT):
        open_services(load_settings({"REGLAB_HOME": str(home), "REGLAB_DEVICE": "cuda:99"}))


@pytest.mark.parametrize("name", ["REGLAB_HOME", "REGLAB_DATA"])
@pytest.mark.parametrize("value", ["~no such user/x", "a\0b"])
def test_a_path_that_names_no_folder(name: str, value: str) -> None:
    with pytest.raises(RegLabError) as refused:
        load_settings({name: value})
    assert str(refused.value).startswith(f"{name} {value!r} names no folder: ")
    assert str(refused.value).endswith(".")


def test_a_circle_of_links_names_no_folder(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with pytest.raises(RegLabError, match=r"names no folder|cannot be used"):
        open_store(load_settings({"REGLAB_HOME": str(tmp_path / "circle" / "home")}))


@pytest.mark.parametrize("name", ["100%41", "what?x=y", "a b@c:d#e", "λ"])
def test_the_default_store_lies_in_a_home_of_any_name(tmp_path: Path, name: str) -> None:
    settings = load_settings({"REGLAB_HOME": str(tmp_path / name)})
    open_store(settings).close()
    assert (tmp_path / name / "reglab.sqlite").is_file()
