"""The settings in force, without passwords, and names that no setting has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from reglab.cli.checkup.finding import Finding
from reglab.errors import StoreError, suggestion
from reglab.settings import SETTINGS, Settings, load_hosts
from reglab.store.remote_files import without_secrets

if TYPE_CHECKING:
    from sqlalchemy import URL

_PREFIX = "REGLAB_"
_HIDDEN = "…"
_DEFAULTS = {setting.name: setting.default for setting in SETTINGS}
_READ_BY_SETTINGS = {f"{_PREFIX}{field.name.upper()}" for field in fields(Settings)}


def unknown(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Variables that look like settings and are none, as a mistyped name is."""
    known = [setting.name for setting in SETTINGS]
    for name in sorted(environ):
        if name.startswith(_PREFIX) and name not in known:
            text = f"{name} is no setting{suggestion(name, known)} and has no effect."
            yield Finding("Settings", "warning", text, f"Settings are {', '.join(known)}.")


def values(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Each setting and its value; :class:`RegLabError` on bad host names, which keep the server from starting."""
    for setting in SETTINGS:
        value, given = _value(setting.name, settings, environ), bool(environ.get(setting.name))
        text = f"{setting.name}={value}{'' if given else ' (default)'}"
        yield Finding("Setting", "ok", text, facts={"name": setting.name, "value": value, "default": not given})


def _value(name: str, settings: Settings, environ: Mapping[str, str]) -> str:
    if name == "REGLAB_STORE":
        return _place(settings.store)
    if name == "REGLAB_FILES":
        return without_secrets(settings.files or str(settings.home))
    if name == "REGLAB_SLOTS" and not settings.slots:
        return "all of the Ray cluster"
    if name == "REGLAB_HOSTS":
        return ",".join(load_hosts(environ)) or "this machine's names"
    if name == "REGLAB_PUBLIC_URL":
        return settings.public_url or "none"
    if name not in _READ_BY_SETTINGS:
        given = environ.get(name)
        return (_HIDDEN if "SECRET" in name else given) if given else _DEFAULTS[name]
    value = getattr(settings, name.removeprefix(_PREFIX).lower())
    if isinstance(value, bool):
        return str(int(value))
    return "auto" if value is None else str(value)


def _place(store: str) -> str:
    """The URL as the store's own sentences name it, without user and password."""
    from reglab.store.open import store_url
    from reglab.store.sentences import where

    try:
        return where(store_url(store)).removeprefix("The store ")
    except StoreError:
        return "(no database URL)"


def without_password(finding: Finding, settings: Settings) -> Finding:
    """``finding`` with every password of the store's URL left out, should a driver have repeated it."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(settings.store)
    except (ArgumentError, ValueError):
        return finding
    for secret in _secrets(url):
        finding = replace(
            finding, text=finding.text.replace(secret, _HIDDEN), remedy=finding.remedy.replace(secret, _HIDDEN)
        )
    return finding


def _secrets(url: URL) -> list[str]:
    options = [value for name, value in url.query.items() if "password" in name.lower()]
    return [str(secret) for secret in (url.password, *options) if secret]
