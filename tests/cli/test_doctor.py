"""``reglab doctor``: what is in order, what is wrong, what to do about it, and never a password."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import torch
from sqlalchemy import text
from tests.datasets.files import write_idx_pair
from tests.factories import add_run
from tests.store.postgres import PASSWORD, Server

from reglab.cli import main
from reglab.cli.checkup import Finding, checkup, cluster, data, examine, home, machine, software, worker
from reglab.cli.checkup import settings as in_force
from reglab.datasets import DATASETS, Images, Progress
from reglab.errors import DataError, RegLabError, StoreError
from reglab.settings import SETTINGS, Settings, load_settings
from reglab.store import Store
from reglab.store.condition import condition
from reglab.store.schema import REVISION, VERSION_TABLE

ON_RAY = {"REGLAB_RUNNER": "ray://head:10001"}
Check = Callable[[Settings], Iterator[Finding]]


@pytest.fixture
def environ(home: Path) -> dict[str, str]:
    return {"REGLAB_HOME": str(home)}


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]) -> None:
    """The settings of the process are those of ``environ`` alone."""
    for name in [name for name in os.environ if name.startswith("REGLAB_")]:
        monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def one_quick_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the checks that need settings, only that of the store."""
    monkeypatch.setattr(checkup, "_WITH_SETTINGS", (("Store", home.store),))


def one(findings: Iterator[Finding]) -> Finding:
    [finding] = findings
    return finding


@pytest.mark.usefixtures("here")
def test_on_a_new_machine_everything_is_said_and_nothing_is_created(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["doctor", "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (status, lines[-1]["status"], lines[-1]["problems"]) == (0, "ok", 0)
    topics = list(dict.fromkeys(line["topic"] for line in lines[:-1]))
    assert topics == [
        "Python", "Packages", "PyTorch", "Memory", "Setting", "Cores", "GPU", "Device", "Home", "Disk", "Store", "Data",
        "Cache", "Training", "Worker",
    ]  # fmt: skip
    facts = {line["topic"]: line["facts"] for line in lines[:-1]}
    assert facts["Python"]["python"] == platform.python_version()
    assert facts["PyTorch"]["cpu_capability"] == torch.backends.cpu.get_cpu_capability()
    assert [line["facts"]["name"] for line in lines[:-1] if line["topic"] == "Setting"] == [s.name for s in SETTINGS]
    assert [line["facts"]["name"] for line in lines[:-1] if line["topic"] == "Data"] == DATASETS.names()
    started = facts["Worker"]
    assert 0 < started["seconds"] < 600
    assert 2**26 < started["bytes"] < 2**30
    assert not home.exists()
    assert not psutil.Process().children()


@pytest.mark.usefixtures("here", "one_quick_check")
def test_each_line_says_how_it_stands_and_the_last_one_sums_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} <= {"ok", "warning"}
    assert last.startswith("Nothing keeps RegLab from training; ")


@pytest.mark.usefixtures("one_quick_check")
def test_a_mistyped_setting_is_a_warning_and_a_bad_value_a_problem(environ: dict[str, str]) -> None:
    mistyped = [finding for finding in examine({**environ, "REGLAB_SLOT": "3"}) if finding.level != "ok"]
    assert [(each.level, each.text) for each in mistyped] == [
        ("warning", "REGLAB_SLOT is no setting (did you mean 'REGLAB_SLOTS'?) and has no effect.")
    ]
    *_, last = examine({**environ, "REGLAB_SLOTS": "many"})
    assert (last.level, last.topic) == ("problem", "Settings")
    assert last.text == "REGLAB_SLOTS must be a whole number from 1 to 1024, not 'many'."
    hosts = [finding for finding in examine({**environ, "REGLAB_HOSTS": "http://a"}) if finding.level == "problem"]
    assert [finding.topic for finding in hosts] == ["Settings"]


@pytest.mark.usefixtures("here")
def test_a_problem_is_exit_status_1_and_passwords_are_never_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checkup, "_WITH_SETTINGS", (("Store", home.store),))
    monkeypatch.setenv("REGLAB_STORE", "postgresql://reglab:geheim@127.0.0.1:1/lab?connect_timeout=1")
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "REGLAB_STORE=postgresql://127.0.0.1:1/lab" in out
    assert "problem  Store" in out
    assert "1 problem and " in out
    assert "geheim" not in out


def test_a_password_that_a_driver_repeats_is_left_out(settings: Settings) -> None:
    other = replace(settings, store="postgresql://u:p%40ss@h/d?sslpassword=key")
    found = in_force.without_password(Finding("Store", "problem", "bad p@ss", "try key"), other)
    assert (found.text, found.remedy) == ("bad …", "try …")
    assert in_force.without_password(found, replace(settings, store="no URL")) == found


@pytest.mark.usefixtures("one_quick_check")
def test_a_store_that_is_no_url_is_a_problem_and_not_repeated(environ: dict[str, str]) -> None:
    findings = list(examine({**environ, "REGLAB_STORE": "geheim"}))
    assert not any("geheim" in finding.sentence for finding in findings)
    assert [finding.topic for finding in findings if finding.level == "problem"] == ["Store"]


def test_a_check_that_fails_is_a_problem_and_the_others_still_run(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]
) -> None:
    def broken(_settings: Settings) -> Iterator[Finding]:
        yield Finding("Home", "ok", "So far.")
        raise ValueError("unexpected\nand more")

    monkeypatch.setattr(checkup, "_WITH_SETTINGS", (("Home", broken), ("Store", home.store)))
    *_, so_far, failed, store = examine(environ)
    assert (so_far.text, failed.level, store.topic) == ("So far.", "problem", "Store")
    assert failed.text == "This check failed: ValueError: unexpected and more."


def test_the_store_is_looked_at_and_not_upgraded(store: Store, settings: Settings) -> None:
    add_run(store)
    found = one(home.store(settings))
    assert (found.level, found.facts["revision"], found.facts["runs"]) == ("ok", REVISION, 1)
    assert found.facts["bytes"] >= (settings.home / "reglab.sqlite").stat().st_size
    with store._database.write() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '0007'"))
    older = one(home.store(settings))
    assert (older.level, older.remedy) == ("ok", "Its schema is brought up to date at the next start.")
    assert condition(settings).revision == "0007"
    with store._database.write() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(StoreError, match="written by a newer version"):
        condition(settings)


def test_sqlite_on_a_network_file_system_is_a_warning(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home, "is_remote", lambda path: path == store.home)
    monkeypatch.setattr(home, "file_system", lambda path: "nfs4")
    warning, opened = home.store(settings)
    assert (warning.level, warning.text) == ("warning", "SQLite lies on a network file system (nfs4).")
    assert opened.level == "ok"


def test_a_file_that_is_no_store_and_a_folder_that_is_missing_are_problems(settings: Settings, tmp_path: Path) -> None:
    settings.home.mkdir()
    (settings.home / "reglab.sqlite").write_bytes(b"something else" * 100)
    with pytest.raises(StoreError, match="is not a RegLab store"):
        condition(settings)
    with pytest.raises(StoreError, match=r"The folder .* of the store is missing"):
        condition(replace(settings, store=f"sqlite:///{tmp_path / 'none' / 'a.sqlite'}"))


def test_a_home_that_may_not_be_written_is_a_problem(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)  # root may write everywhere
    assert one(home.folder(settings)).level == "problem"
    found = one(home.store(settings))
    assert found.level == "problem"
    assert found.remedy.startswith(f"Nothing can be trained: {store.home} may not be written by this user")


def test_a_home_that_is_a_file_is_a_problem(settings: Settings) -> None:
    settings.home.write_text("a file")
    assert one(home.folder(settings)).level == "problem"


def test_a_disk_that_is_nearly_full_is_a_warning_and_a_full_one_a_problem(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert one(home.disk(settings)).facts["free"] > 0
    for constant, level in (("SCARCE", "warning"), ("TOO_LITTLE", "problem")):
        monkeypatch.setattr(home, constant, 2**60)
        assert one(home.disk(settings)).level == level


def test_scarce_memory_and_more_slots_or_threads_than_cores_are_warnings(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = one(machine.memory())
    assert 0 < found.facts["available"] <= found.facts["total"]
    monkeypatch.setattr(machine, "SCARCE", 2**60)
    assert one(machine.memory()).level == "warning"
    assert one(machine.cores(settings)).level == "ok"
    assert one(machine.cores(replace(settings, slots=1000))).level == "warning"
    threads = one(machine.cores(replace(settings, slots=1, threads=1000)))
    assert (threads.level, "REGLAB_THREADS=1000" in threads.text) == ("warning", True)


def test_missing_packages_are_a_problem_and_other_versions_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["no-such-package-here>=1", "numpy<1", "psutil", "psycopg-of-an-extra; extra == 'postgres'"]
    monkeypatch.setattr(software, "requires", lambda name: wanted)
    missing, other = software.packages()
    assert (missing.level, missing.text) == ("problem", "Not installed: no-such-package-here.")
    assert other.level == "warning"
    assert "(tested with <1)" in other.text


def test_a_pytorch_that_cannot_be_imported_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    found = one(software.pytorch())
    assert (found.level, found.text.partition(":")[0]) == ("problem", "PyTorch cannot be imported")


def test_a_cpu_without_vector_instructions_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "DEFAULT")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert one(software.pytorch()).level == "warning"
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert one(software.pytorch()).level == "ok"


def fake_cuda(built: list[str]) -> Any:
    """Two GPUs, as ``torch.cuda`` describes them."""
    return SimpleNamespace(
        mem_get_info=lambda index: ((index + 1) * 2**30, 80 * 2**30),
        get_device_name=lambda index: f"NVIDIA {index}",
        get_device_capability=lambda index: (9, 0),
        get_arch_list=lambda: built,
    )


@pytest.mark.parametrize(
    ("built", "level"),
    [
        (["sm_80", "sm_90"], "ok"), (["sm_90a"], "ok"), (["sm_80", "compute_80"], "ok"), (["sm_80"], "problem"),
        (["sm_100"], "problem"), (["sm_80", "compute_100"], "problem"),
    ],
)  # fmt: skip
def test_a_gpu_is_listed_with_its_memory_and_whether_this_pytorch_has_code_for_it(built: list[str], level: str) -> None:
    found = machine._gpu(fake_cuda(built), 1, "auto")
    assert found.level == level
    assert (machine._gpu(fake_cuda(built), 1, "cpu").level == "ok") == (level == "ok")
    assert found.text.startswith("cuda:1, NVIDIA 1: 2.0 GiB of 80.0 GiB free.")
    assert (found.facts["free"], found.facts["total"]) == (2 * 2**30, 80 * 2**30)


def test_a_gpu_that_fails_is_a_problem_unless_runs_train_on_the_cpu() -> None:
    def taken(_index: int) -> tuple[int, int]:
        raise RuntimeError("CUDA error: all devices are busy")

    cuda = fake_cuda(["sm_90"])
    cuda.mem_get_info = taken
    found = machine._gpu(cuda, 0, "auto")
    assert (found.level, found.text) == ("problem", "cuda:0 cannot be used: CUDA error: all devices are busy.")
    assert machine._gpu(cuda, 0, "cpu").level == "warning"


def test_no_gpu_is_ok_and_one_that_pytorch_cannot_use_a_warning(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(machine, "_DRIVER", tmp_path / "none")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    gpu, device = machine.gpus(settings)
    assert (gpu.level, gpu.text) == ("ok", "No GPU; runs train on the CPU.")
    assert device.facts == {"device": "cpu"}
    monkeypatch.setattr(machine, "_DRIVER", tmp_path)
    gpu, _ = machine.gpus(settings)
    assert (gpu.level, gpu.text) == (
        "warning",
        "An NVIDIA driver is installed, but this PyTorch is built for CPUs.",
    )
    assert machine._no_gpu(["The driver is too old"]).text == "PyTorch cannot use a GPU: The driver is too old"


def test_a_device_that_is_not_there_is_a_problem(settings: Settings) -> None:
    with pytest.raises(RegLabError, match="is not available here"):
        list(machine.gpus(replace(settings, device="cuda:7")))


def test_damaged_files_of_a_data_set_are_a_warning(settings: Settings) -> None:
    place = settings.data / "MNIST" / "raw"
    write_idx_pair(place)
    findings = {finding.facts["name"]: finding for finding in data.datasets(settings)}
    assert findings["mnist"].text == f"MNIST: Ready: {place}."
    assert findings["kmnist"].remedy.endswith(f"put its files into {settings.data}.")
    labels = place / "train-labels-idx1-ubyte.gz"
    labels.write_bytes(labels.read_bytes()[:-20])
    found = {finding.facts["name"]: finding for finding in data.datasets(settings)}["mnist"]
    assert (found.level, found.facts["state"]) == ("warning", "damaged")
    assert str(labels) in found.text


def test_a_data_set_that_lacks_a_package_is_a_warning(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DATASETS.entries, "digits", replace(DATASETS.get("digits"), extra="no_such_package"))
    found = next(iter(data.datasets(settings)))
    assert (found.level, found.facts["state"]) == ("warning", "missing")
    assert "pip install no_such_package" in found.text


def test_a_cache_that_cannot_be_read_is_a_warning(settings: Settings) -> None:
    assert one(data.cache(settings)).facts["entries"] == 0
    settings.home.mkdir()
    settings.cache.write_text("a file")
    assert one(data.cache(settings)).level == "warning"


def test_a_trial_that_cannot_train_is_a_problem(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_folder: Path, _progress: Progress) -> Images:
        raise DataError("The digits are missing.")

    monkeypatch.setitem(DATASETS.entries, "digits", replace(DATASETS.get("digits"), load=missing, sources=None))
    found = one(checkup._findings("Training", lambda: data.training(settings)))
    assert (found.level, found.text) == ("problem", "The digits are missing.")


def test_a_worker_that_does_not_start_is_a_problem_with_its_end(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reglab.jobs.worker_handle.sys.executable", "false")
    found = one(worker.worker(replace(settings, runner="process")))
    assert (found.level, found.topic) == ("problem", "Worker")
    assert found.text == "A worker process could not be started: it ended with exit status 1 (the log has the details)."
    assert "REGLAB_RUNNER=thread" in found.remedy


def test_without_worker_processes_none_is_started(settings: Settings) -> None:
    found = one(worker.worker(replace(settings, runner="thread")))
    assert (found.level, found.facts) == ("ok", {})
    assert "REGLAB_RUNNER=thread" in found.text


@pytest.mark.postgres
def test_a_postgresql_store_is_looked_at_and_its_rights_are(
    postgres_server: Server, migrated_database: str, settings: Settings
) -> None:
    new = replace(settings, store=postgres_server.new_database())
    found = one(home.store(new))
    assert (found.level, found.facts["revision"], found.facts["runs"]) == ("ok", None, None)
    current = one(home.store(replace(settings, store=migrated_database)))
    assert (current.level, current.facts["revision"]) == ("ok", REVISION)
    assert current.facts["bytes"] > 2**20
    name = migrated_database.rpartition("/")[2]
    postgres_server.execute(name, f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
    postgres_server.execute(name, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    reader = replace(settings, store=migrated_database.replace("//reglab:", "//reader:"))
    barred = one(home.store(reader))
    assert barred.level == "problem"
    assert "lacks the right to write" in barred.remedy


def test_the_settings_in_force_are_those_given(environ: dict[str, str]) -> None:
    given = {**environ, "REGLAB_SLOTS": "3", "REGLAB_HOSTS": "a.example.com"}
    found = {each.facts["name"]: each for each in in_force.values(load_settings(given), given)}
    assert (found["REGLAB_SLOTS"].text, found["REGLAB_SLOTS"].facts["default"]) == ("REGLAB_SLOTS=3", False)
    assert found["REGLAB_HOSTS"].text == "REGLAB_HOSTS=a.example.com"
    assert [found[f"REGLAB_{name}"].text for name in ("DEVICE", "THREADS")] == [
        "REGLAB_DEVICE=auto (default)", "REGLAB_THREADS=auto (default)",
    ]  # fmt: skip


def test_on_ray_the_cluster_decides_where_runs_train(home: Path) -> None:
    settings = load_settings({"REGLAB_HOME": str(home), **ON_RAY})
    assert one(machine.cores(settings)).text.endswith("runs train on ray://head:10001.")
    assert "Device" not in [finding.topic for finding in machine.gpus(settings)]
    values = {finding.facts["name"]: finding.facts["value"] for finding in in_force.values(settings, ON_RAY)}
    assert (values["REGLAB_SLOTS"], values["REGLAB_FILES"]) == ("all of the Ray cluster", str(home))
    with pytest.raises(RegLabError, match="needs a store that all nodes reach"):
        list(cluster.ray(settings))


def test_without_ray_nothing_is_said_of_it(settings: Settings) -> None:
    assert list(cluster.ray(settings)) == []


def test_the_user_of_a_url_of_files_is_not_shown(home: Path) -> None:
    settings = load_settings({"REGLAB_HOME": str(home), "REGLAB_FILES": "ftp://me:secret@host/runs"})
    values = {finding.facts["name"]: finding.facts["value"] for finding in in_force.values(settings, {})}
    assert values["REGLAB_FILES"] == "ftp://host/runs"
