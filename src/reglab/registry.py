"""A registry finds its own entries: every module of a package that defines ``ENTRY`` is one.

A new data set, CNN or penalty is therefore exactly one new file; nothing else has to name it. Other packages add
entries through entry points, for example in their pyproject.toml

    [project.entry-points."reglab.penalties"]
    hoyer = "their_package.hoyer:ENTRY"

in the groups :data:`OPEN`.
"""

from __future__ import annotations

import importlib
import logging
import pkgutil
from collections.abc import Iterator
from functools import cached_property
from importlib.metadata import entry_points
from typing import Generic, Protocol, TypeVar

from reglab.errors import UnknownName

log = logging.getLogger(__name__)

OPEN = frozenset({"reglab.datasets", "reglab.models", "reglab.penalties", "reglab.optimizers"})
"""Registries to which other packages add entries, by package and entry-point group."""


class Entry(Protocol):
    """What every registry entry has: a unique ``name`` (in specs), a ``label`` (on pages), an ``order`` (in lists)."""

    @property
    def name(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def order(self) -> int: ...


E = TypeVar("E", bound=Entry)


class Registry(Generic[E]):
    """The entries of ``package``, found once on first use; ``kind`` names them in errors ("dataset", "CNN")."""

    def __init__(self, kind: str, package: str, entry_type: type[E]) -> None:
        self.kind, self.package, self.entry_type = kind, package, entry_type

    @property
    def entries(self) -> dict[str, E]:
        """name → entry, in the order in which lists show them."""
        return self.built_in

    @cached_property
    def built_in(self) -> dict[str, E]:
        """The entries of ``package`` and of other packages, by name, in order."""
        package = importlib.import_module(self.package)
        modules = (importlib.import_module(f"{self.package}.{m.name}") for m in pkgutil.iter_modules(package.__path__))
        found = [m.ENTRY for m in modules if isinstance(getattr(m, "ENTRY", None), self.entry_type)]
        own = {entry.name for entry in found}
        found += [entry for entry in self._of_other_packages() if entry.name not in own]
        return {entry.name: entry for entry in sorted(found, key=lambda e: (e.order, e.name))}

    def _of_other_packages(self) -> Iterator[E]:
        """The entries of installed packages; one that cannot be loaded is logged and left out."""
        for point in entry_points(group=self.package) if self.package in OPEN else ():
            try:
                entry = point.load()
            except Exception as error:
                log.warning("The %s %r cannot be loaded: %s", self.kind, point.value, error)
                continue
            if isinstance(entry, self.entry_type):
                yield entry
            else:
                log.warning("%s is no %s of RegLab's and is left out", point.value, self.kind)

    def names(self) -> list[str]:
        """Every name, in display order."""
        return list(self.entries)

    def find(self, name: str) -> E | None:
        """The entry called ``name``, None where there is none."""
        return self.built_in.get(name)

    def get(self, name: str) -> E:
        """The entry called ``name``; :class:`UnknownName` (with the nearest known name) where there is none."""
        entry = self.find(name)
        if entry is None:
            raise UnknownName(self.kind, name, self.entries)
        return entry
