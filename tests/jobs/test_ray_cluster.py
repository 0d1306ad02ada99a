"""What a Ray cluster decides about the settings, and the sentences where it cannot train; no Ray is started."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from tests.jobs.running import settings_in

from reglab import __version__
from reglab.errors import RegLabError
from reglab.jobs import Runner
from reglab.jobs.messages import settings_facts
from reglab.jobs.ray_cluster import Node, _why_not, connect, fitted, needs, refusal
from reglab.settings import Settings
from reglab.store import Store

pytest.importorskip("ray")
ADDRESS = "ray://head:10001"
CPUS = [Node("a", "10.0.0.1", 8, 0), Node("b", "10.0.0.2", 4, 0)]
GPUS = [*CPUS, Node("c", "10.0.0.3", 16, 4)]


def on_ray(home: Path, **values: str) -> Settings:
    postgres = {"REGLAB_STORE": "postgresql+psycopg://u@db/d", "REGLAB_THREADS": ""}
    return settings_in(home, REGLAB_RUNNER=ADDRESS, **{**postgres, **values})


@pytest.mark.parametrize(
    ("nodes", "values", "found"),
    [
        (CPUS, {"REGLAB_DEVICE": "auto"}, ("cpu", 1, 12)),
        (CPUS, {"REGLAB_THREADS": "2"}, ("cpu", 2, 6)),
        (CPUS, {"REGLAB_SLOTS": "5"}, ("cpu", 1, 5)),
        (GPUS, {"REGLAB_DEVICE": "auto"}, ("cuda", 1, 4)),
        (GPUS, {"REGLAB_DEVICE": "cuda:1"}, ("cuda", 1, 4)),
        (GPUS, {"REGLAB_DEVICE": "cpu"}, ("cpu", 1, 28)),
    ],
)
def test_the_cluster_decides_what_the_settings_leave_open(
    home: Path, nodes: list[Node], values: dict[str, str], found: tuple[str, int, int]
) -> None:
    settings = fitted(on_ray(home, **values), nodes)
    assert (settings.device, settings.threads, settings.slots) == found
    assert needs(settings) == {"num_cpus": found[1], "num_gpus": int(found[0] == "cuda")}


@pytest.mark.parametrize(("nodes", "device"), [([], "cpu"), (CPUS, "cuda")])
def test_a_device_that_no_node_has_is_refused(home: Path, nodes: list[Node], device: str) -> None:
    what = "GPU" if device == "cuda" else "CPU"
    with pytest.raises(RegLabError, match=f"{ADDRESS} has no {what} for the device {device}"):
        fitted(on_ray(home, REGLAB_DEVICE=device), nodes)


def test_sqlite_is_refused(store: Store, settings: Settings) -> None:
    with pytest.raises(
        RegLabError, match=r"REGLAB_RUNNER=ray needs a store that all nodes reach: set REGLAB_STORE to a"
    ):
        Runner(store, replace(settings, runner="ray"))


def test_without_ray_the_sentence_says_how_to_install_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reglab.jobs.ray_cluster.find_spec", lambda name: None)
    with pytest.raises(RegLabError, match=r"needs Ray, which is not installed: pip install 'reglab\[ray\]'\.$"):
        connect(on_ray(home))


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"reglab": None}, f"has no RegLab; install version {__version__} there"),
        ({"reglab": "9.9"}, f"has RegLab 9.9, and this machine {__version__}; install the same version on both."),
        ({"reglab": __version__, "unseen": "does not see the files of runs in /runs"}, "in /runs; set REGLAB_FILES to"),
    ],
)
def test_a_node_that_cannot_train_is_named(facts: dict[str, str | None], sentence: str) -> None:
    found = refusal({"node": "10.0.0.7", **facts}) or ""
    assert found.startswith("The Ray node 10.0.0.7 ")
    assert sentence in found


def test_a_node_that_has_everything_is_not_refused() -> None:
    assert refusal({"node": "10.0.0.7", "reglab": __version__, "unseen": None}) is None


def test_another_version_of_ray_and_a_silent_cluster_are_told_apart() -> None:
    assert _why_not(ADDRESS, "Version mismatch: Ray: 2.9").startswith(f"{ADDRESS} has another version of Ray or Python")
    assert "does not answer as a Ray cluster (connection timeout); check" in _why_not(ADDRESS, "connection timeout")


def test_where_nothing_listens_the_sentence_comes_at_once(home: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"ray://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(RegLabError, match=rf"^{address} does not answer: .*refused; check REGLAB_RUNNER\.$"):
            connect(replace(on_ray(home), runner=address))


def test_a_node_has_folders_of_its_own(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from reglab.jobs.ray_actor import settings_here

    monkeypatch.delenv("REGLAB_DATA", raising=False)
    shared = settings_facts(on_ray(home))
    assert settings_here(shared)["home"] == str(home)  # all files lie there, so that every node sees it
    own = settings_facts(on_ray(home, REGLAB_FILES="s3://bucket/runs"))
    monkeypatch.setenv("REGLAB_HOME", str(tmp_path / "node"))
    assert settings_here(own)["home"] == str(tmp_path / "node")
    assert settings_here(own)["data"] == str(tmp_path / "node" / "data")
    (home / "data").mkdir(parents=True)
    assert settings_here(own)["data"] == str(home / "data")  # as on the server
    (tmp_path / "sets").mkdir()
    monkeypatch.setenv("REGLAB_DATA", str(tmp_path / "sets"))
    assert settings_here(own)["data"] == str(tmp_path / "sets")


def test_messages_reach_the_process_in_the_order_in_which_they_were_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray promises an asynchronous actor no order of calls."""
    from reglab.jobs.ray_actor import WorkerActor

    passed = list[str]()

    async def calls() -> None:
        actor = WorkerActor()
        monkeypatch.setattr(actor, "_sender", lambda **message: passed.append(message["do"]), raising=False)
        for number, do in ((1, "take"), (0, "sweep"), (3, "close"), (2, "give")):
            await actor.send(number, {"do": do})

    asyncio.run(calls())
    assert passed == ["sweep", "take", "give", "close"]
