"""The README against the program: settings, commands, data sets, CNNs, the spec's defaults and the pictures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reglab import RunSpec
from reglab.cli import main
from reglab.datasets import DATASETS
from reglab.models import MODELS
from reglab.settings import SETTINGS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_settings_table_is_complete_and_current() -> None:
    rows = re.findall(r"^\| `(REGLAB_\w+)` \| (.*?) \| (.*?) \|$", README, re.MULTILINE)
    assert rows == [(setting.name, setting.default, setting.help) for setting in SETTINGS]


def test_every_dataset_and_cnn_is_named() -> None:
    assert [name for name in (*DATASETS.names(), *MODELS.names()) if f"`{name}`" not in README] == []


def test_the_spec_shown_is_the_default_one() -> None:
    [shown] = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert RunSpec.from_yaml(shown) == RunSpec()
    assert all(f"{key}:" in shown for part in RunSpec().model_dump().values() for key in part)
    names = {key: key.partition(".")[2] for key in RunSpec().flat()}
    assert [key for key, name in names.items() if f"{name}:" not in shown and f"`{key}`" not in README] == []


def test_every_command_shown_exists(capsys: pytest.CaptureFixture[str]) -> None:
    commands = set(re.findall(r"^reglab (\w+)", README, re.MULTILINE))
    with pytest.raises(SystemExit):
        main(["--help"])
    helped = set(re.findall(r"^ {4}(\w+)(?: |$)", capsys.readouterr().out, re.MULTILINE))
    assert commands == helped


def test_pictures_and_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).is_file(), target
