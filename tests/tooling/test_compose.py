"""The compose file, read as Docker reads it: no password in it, nothing open to the network, data in volumes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import make_url
from tests.store.postgres import PASSWORD, Server

from reglab.settings import SETTINGS, load_hosts, load_settings
from reglab.store import open_store

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "compose.yaml").read_text(encoding="utf-8")
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?P<rule>:[-?])(?P<rest>[^}]*)\}")
"""The two forms of a variable that the file uses: with a default, and with a message where it is missing."""


def interpolated(value: Any, environ: Mapping[str, str]) -> Any:
    """``value`` with its variables filled in; :class:`KeyError` with the file's message where one is required."""
    if isinstance(value, dict):
        return {key: interpolated(each, environ) for key, each in value.items()}
    if isinstance(value, list):
        return [interpolated(each, environ) for each in value]
    if not isinstance(value, str):
        return value

    def filled(found: re.Match[str]) -> str:
        given = environ.get(found["name"])
        if not given and found["rule"] == ":?":
            raise KeyError(found["rest"])
        return given or found["rest"]

    text = VARIABLE.sub(filled, value)
    assert "$" not in text, text
    return text


def compose(**environ: str) -> Any:
    return interpolated(yaml.safe_load(TEXT), {"POSTGRES_PASSWORD": "p", **environ})


def strings(value: Any) -> Iterator[str]:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        yield from strings(part)
    if isinstance(value, str):
        yield value


def instructions(word: str) -> list[str]:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    return [line.partition(" ")[2] for line in lines if line.startswith(f"{word} ")]


def test_without_a_password_nothing_starts_and_one_sentence_says_what_to_do() -> None:
    with pytest.raises(KeyError, match=r"write POSTGRES_PASSWORD=… into the file \.env"):
        compose(POSTGRES_PASSWORD="")


def test_the_password_stands_nowhere_in_the_file_and_reaches_both_services_alone_as_a_variable() -> None:
    places = {
        (service, name): value
        for service, each in yaml.safe_load(TEXT)["services"].items()
        for name, value in each["environment"].items()
        if "PASSWORD" in name
    }
    assert set(places) == {("app", "PGPASSWORD"), ("db", "POSTGRES_PASSWORD")}
    assert all(re.fullmatch(r"\$\{POSTGRES_PASSWORD:\?[^}]+\}", value) for value in places.values())
    assert sum("s3cret" in text for text in strings(compose(POSTGRES_PASSWORD="s3cret"))) == 2
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()
    assert (ROOT / ".dockerignore").read_text().splitlines()[0] == "*"  # .env does not reach the image either
    for ignored in (".gitignore", ".dockerignore"):
        assert ".streamlit/secrets.toml" in (ROOT / ignored).read_text().splitlines()


def test_only_the_dashboard_is_published_and_to_this_machine_alone() -> None:
    services = compose()["services"]
    assert {name: each.get("ports") for name, each in services.items()} == {
        "app": [f"127.0.0.1:8501:{instructions('EXPOSE')[0]}"],
        "db": None,
    }
    assert compose(ADDRESS="0.0.0.0", PORT="80")["services"]["app"]["ports"] == ["0.0.0.0:80:8501"]
    assert not any(each.get("privileged") or each.get("network_mode") for each in services.values())


def test_the_apps_settings_are_settings_and_name_the_database_of_the_other_service() -> None:
    app, db = compose(REGLAB_HOSTS="lab.example.com", REGLAB_SLOTS="3")["services"].values()
    environ = {name: value for name, value in app["environment"].items() if name.startswith("REGLAB_")}
    assert set(environ) <= {setting.name for setting in SETTINGS}
    assert load_settings(environ).slots == 3
    assert load_hosts(environ) == ("lab.example.com",)
    url, server = make_url(load_settings(environ).store), db["environment"]
    assert (url.host, url.username, url.database) == ("db", server["POSTGRES_USER"], server["POSTGRES_DB"])
    assert url.password is None
    unset = compose()["services"]["app"]["environment"]
    assert load_hosts(unset) == ()
    assert load_settings(unset).slots == load_settings({}).slots


def test_the_app_waits_for_a_healthy_database_and_both_are_watched() -> None:
    app, db = compose()["services"].values()
    assert app["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert db["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]
    assert "--host=127.0.0.1" in db["healthcheck"]["test"]
    assert instructions("HEALTHCHECK")
    assert "healthcheck" not in app
    assert [each["restart"] for each in (app, db)] == ["unless-stopped"] * 2


def test_what_must_last_is_in_named_volumes() -> None:
    everything = compose()
    mounts = {
        name: dict(mount.split(":") for mount in each["volumes"]) for name, each in everything["services"].items()
    }
    assert mounts == {"app": {"home": "/data"}, "db": {"database": "/var/lib/postgresql/data"}}
    assert instructions("VOLUME") == [mounts["app"]["home"]]
    assert set(everything["volumes"]) == {"home", "database"}


def test_the_image_is_built_here_and_the_databases_major_version_is_fixed() -> None:
    app, db = compose()["services"].values()
    assert (app["build"]["context"], set(app["build"]["args"])) == (".", {"TORCH_INDEX"})
    assert [line.partition("=")[0] for line in instructions("ARG")] == ["TORCH_INDEX"]
    assert re.fullmatch(r"postgres:17-\w+", db["image"])  # the next ones keep their files elsewhere


def test_docker_waits_longer_for_the_end_than_the_app_needs() -> None:
    assert compose()["services"]["app"]["stop_grace_period"] == "15s"
    assert compose()["services"]["app"]["init"] is True  # ends what a worker may leave


def test_the_readme_says_how() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    names = {found["name"] for found in VARIABLE.finditer(TEXT)}
    assert "docker compose up" in readme
    assert {name for name in names if name not in readme} == set()


@pytest.mark.postgres
def test_the_driver_takes_the_password_from_the_environment(
    postgres_server: Server, migrated_database: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = migrated_database.replace(f":{PASSWORD}@", "@")
    assert make_url(url).password is None
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    with open_store(load_settings({"REGLAB_HOME": str(home), "REGLAB_STORE": url})) as store:
        store.check()
