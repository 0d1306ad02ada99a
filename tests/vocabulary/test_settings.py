"""Settings from the environment: defaults, values, and sentences for bad ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from reglab.errors import RegLabError
from reglab.machine import available_cores
from reglab.settings import SETTINGS, load_hosts, load_settings
from reglab.sharing import PROVIDER


def test_defaults() -> None:
    settings = load_settings({})
    assert settings.home == Path(__file__).resolve().parents[2] / "runs"
    assert settings.store == f"sqlite:///{settings.home / 'reglab.sqlite'}"
    assert settings.data == settings.home / "data"
    assert (settings.device, settings.threads, settings.slots) == ("auto", None, available_cores())


def test_every_setting_is_read(tmp_path: Path) -> None:
    values = {
        "REGLAB_HOME": str(tmp_path), "REGLAB_STORE": "postgresql+psycopg://u@h/d", "REGLAB_DATA": str(tmp_path / "d"),
        "REGLAB_DEVICE": "cpu", "REGLAB_THREADS": "2", "REGLAB_SLOTS": "3",
        "REGLAB_QUEUE": "5000", "REGLAB_HOSTS": "lab.example.com, *.b.org", "REGLAB_UNDO_DAYS": "7",
        "REGLAB_RUNNER": "thread", "REGLAB_FILES": str(tmp_path / "f"),
        "REGLAB_READ_ONLY": "1", "REGLAB_IMPORT_GB": "4",
        "REGLAB_PUBLIC_URL": "https://lab.example.com/reglab/",
    }  # fmt: skip
    shared = {f"REGLAB_{name}" for name in ("ADMINS", "EXPERIMENTERS", "VIEWERS", "ROLE_CLAIM")}
    shared |= {f"REGLAB_PERSON_{name}" for name in ("RUNS", "EPOCHS", "DISK")}
    shared |= {"REGLAB_ALLOW_OPEN", "REGLAB_SIGN_IN", *PROVIDER}  # in test_sharing
    assert {setting.name for setting in SETTINGS} == set(values) | shared
    settings = load_settings(values)
    assert settings.home == tmp_path.resolve()
    assert settings.store == values["REGLAB_STORE"]
    assert settings.data == tmp_path.resolve() / "d"
    assert (settings.device, settings.threads, settings.slots, settings.queue) == ("cpu", 2, 3, 5000)
    assert (settings.undo_days, settings.runner, settings.read_only) == (7, "thread", True)
    assert settings.import_gb == 4
    assert settings.files_folder == tmp_path.resolve() / "f"
    assert settings.public_url == "https://lab.example.com/reglab"
    assert load_hosts(values) == ("lab.example.com", "*.b.org")


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", "99999", "Auto"])
def test_counts_must_be_whole_numbers(value: str) -> None:
    with pytest.raises(RegLabError, match="REGLAB_THREADS must be a whole number from 1 to 1024 or auto"):
        load_settings({"REGLAB_THREADS": value})


@pytest.mark.parametrize("value", ["rays", "ray://", "ray://host", "ray://host:port", "ray://a/b:1", "Ray", "ray:1"])
def test_an_unknown_runner_is_refused(value: str) -> None:
    with pytest.raises(RegLabError, match="REGLAB_RUNNER must be process, thread, ray or ray://host:10001, not '"):
        load_settings({"REGLAB_RUNNER": value})


@pytest.mark.parametrize("value", ["ray", "ray://head.example.com:10001", "ray://[::1]:10001"])
def test_a_ray_cluster_decides_how_many_runs_train_at_once_unless_a_number_is_set(value: str) -> None:
    settings = load_settings({"REGLAB_RUNNER": value})
    assert (settings.on_ray, settings.runner, settings.slots) == (True, value, 0)
    assert load_settings({"REGLAB_RUNNER": value, "REGLAB_SLOTS": "7"}).slots == 7


def test_the_files_of_runs_lie_in_the_home_in_a_folder_or_at_a_url(tmp_path: Path) -> None:
    home = {"REGLAB_HOME": str(tmp_path)}
    assert load_settings(home).files_folder == tmp_path
    there = load_settings({**home, "REGLAB_FILES": "s3://bucket/prefix/"})
    assert there.files_url == "s3://bucket/prefix"
    assert there.files_folder.parent == tmp_path
    other = load_settings({**home, "REGLAB_FILES": "s3://bucket/other"})
    assert other.files_folder != there.files_folder
    assert load_settings({**home, "REGLAB_FILES": str(tmp_path / "f")}).files_url is None


@pytest.mark.parametrize(
    ("value", "names"),
    [("", ()), ("*", ("*",)), ("[::1], LAB.example.com.", ("::1", "lab.example.com")), ("10.0.0.7,", ("10.0.0.7",))],
)
def test_host_names_are_read_as_people_write_them(value: str, names: tuple[str, ...]) -> None:
    assert load_hosts({"REGLAB_HOSTS": value}) == names


@pytest.mark.parametrize("value", ["lab.example.com:8501", "http://lab", "a b", "*lab", "a.*.b", "x" * 500 + "!"])
def test_what_is_no_host_name_is_refused(value: str) -> None:
    with pytest.raises(RegLabError, match="REGLAB_HOSTS must list host names") as refused:
        load_hosts({"REGLAB_HOSTS": value})
    assert len(str(refused.value)) < 160


@pytest.mark.parametrize(
    "value", ["lab.example.com", "ftp://a.b", "https://", "https://a?b=c", "https://u:p@a.b", "a b"]
)
def test_a_public_address_is_one_of_the_web(value: str) -> None:
    with pytest.raises(RegLabError, match="REGLAB_PUBLIC_URL must be an address such as"):
        load_settings({"REGLAB_PUBLIC_URL": value})
