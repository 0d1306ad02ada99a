"""The home, its disk, and the store: looked at, neither created nor upgraded."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from reglab.cli.checkup.finding import Finding
from reglab.machine import file_system, is_remote
from reglab.number_format import gib
from reglab.settings import Settings

SCARCE, TOO_LITTLE = 2 * 2**30, 16 * 2**20
_REMOTE = "Its locks are not reliable there: keep the home on a local disk, or the store in PostgreSQL (REGLAB_STORE)."
_RIGHTS = "Give this user the right to write there, or set REGLAB_HOME to another folder."


def folder(settings: Settings) -> Iterator[Finding]:
    home, there = settings.home, _existing(settings.home)
    if not there.is_dir():
        remedy = "Set REGLAB_HOME to a folder."
        yield Finding("Home", "problem", f"{home} cannot be a folder: {there} is a file.", remedy)
    elif not os.access(there, os.R_OK | os.W_OK | os.X_OK):
        yield Finding(
            "Home", "problem", f"{there} may not be written by this user; runs can be shown at most.", _RIGHTS
        )
    else:
        yield Finding("Home", "ok", f"{home}." if there == home else f"{home}, created at the first start.")


def disk(settings: Settings) -> Iterator[Finding]:
    """Free room for runs, and for data sets where these lie on another disk."""
    homes, data = _existing(settings.home), _existing(settings.data)
    places = [homes] if data.stat().st_dev == homes.stat().st_dev else [homes, data]
    for place in places:
        found = shutil.disk_usage(place)
        text = f"{gib(found.free)} of {gib(found.total)} free in {place}."
        facts = {"path": str(place), "free": found.free, "total": found.total}
        if found.free < TOO_LITTLE:
            yield Finding("Disk", "problem", text, "Free some space: checkpoints cannot be written.", facts)
        elif found.free < SCARCE:
            yield Finding("Disk", "warning", text, "Free some space; `reglab gc` removes what is not needed.", facts)
        else:
            yield Finding("Disk", "ok", text, facts=facts)


def store(settings: Settings) -> Iterator[Finding]:
    from reglab.store.condition import condition
    from reglab.store.open import store_url

    found = condition(settings)
    facts = {"place": found.place, "revision": found.revision, "bytes": found.bytes, "runs": found.runs}
    if not found.there:
        yield Finding("Store", "ok", f"{found.place} is created at the first start.", facts=facts)
        return
    counted = "" if found.runs is None else f", {found.runs:,} run{'' if found.runs == 1 else 's'}"
    text = f"{found.place} opens: schema {found.revision or 'none yet'}{counted}, {gib(found.bytes)}."
    if store_url(settings.store).get_backend_name() == "sqlite" and is_remote(settings.home):
        yield Finding(
            "Store", "warning", f"SQLite lies on a network file system ({file_system(settings.home)}).", _REMOTE
        )
    if found.barred and settings.read_only:
        yield Finding("Store", "ok", f"{text} {found.barred}", facts=facts)
    elif found.barred:
        yield Finding("Store", "problem", text, f"Nothing can be trained: {found.barred}", facts)
    elif found.outdated:
        yield Finding("Store", "ok", text, "Its schema is brought up to date at the next start.", facts)
    else:
        yield Finding("Store", "ok", text, facts=facts)


def _existing(path: Path) -> Path:
    """``path`` or the nearest of its parents that is there."""
    return next(each for each in (path, *path.parents) if each.exists())
