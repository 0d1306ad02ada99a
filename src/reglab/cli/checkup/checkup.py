"""All checks in order; one that fails is a finding itself, and the others still run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from reglab.cli.checkup import cluster, data, home, machine, software, worker
from reglab.cli.checkup import settings as in_force
from reglab.cli.checkup.finding import Finding
from reglab.errors import RegLabError, clipped
from reglab.settings import Settings, load_settings

Check = Callable[[], Iterator[Finding]]

_ALWAYS: tuple[tuple[str, Check], ...] = (
    ("Python", software.python),
    ("Packages", software.packages),
    ("PyTorch", software.pytorch),
    ("Memory", machine.memory),
)
_WITH_SETTINGS: tuple[tuple[str, Callable[[Settings], Iterator[Finding]]], ...] = (
    ("Cores", machine.cores),
    ("GPU", machine.gpus),
    ("Home", home.folder),
    ("Disk", home.disk),
    ("Store", home.store),
    ("Ray", cluster.ray),
    ("Data", data.datasets),
    ("Cache", data.cache),
    ("Training", data.training),
    ("Worker", worker.worker),
)


def examine(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Every finding on this machine with the settings in ``environ``; nothing is created but decoded images."""
    for topic, check in _ALWAYS:
        yield from _findings(topic, check)
    yield from _findings("Settings", partial(in_force.unknown, environ))
    try:
        settings = load_settings(environ)
    except RegLabError as error:
        yield Finding("Settings", "problem", str(error), "What depends on the settings was not checked.")
        return
    yield from _findings("Settings", partial(in_force.values, settings, environ))
    for topic, look in _WITH_SETTINGS:
        for finding in _findings(topic, partial(look, settings)):
            yield in_force.without_password(finding, settings)


def _findings(topic: str, check: Check) -> Iterator[Finding]:
    try:
        yield from check()
    except RegLabError as error:
        yield Finding(topic, "problem", str(error))
    except Exception as error:  # whatever it is keeps RegLab from working, and must not hide what else is wrong
        kind = type(error).__name__
        yield Finding(topic, "problem", f"This check failed: {kind}: {clipped(str(error))}".rstrip(": ") + ".")
