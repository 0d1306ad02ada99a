"""An export: a format's name, its files and the function that makes them from runs or specs."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from reglab.errors import RegLabError
from reglab.exports.subject import Subject
from reglab.registry import Registry


class ExportError(RegLabError):
    """This export cannot write the run or spec, or must not write to this place."""


@dataclass(frozen=True)
class Bundle:
    """Files by name (relative to the export's folder, separated by "/"); the main file comes first.

    ``inexact``: one sentence for each difference between what the files compute and what RegLab computes.
    ``remarks``: other sentences, on what is left out for example.
    """

    files: Mapping[str, bytes]
    inexact: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def main(self) -> str:
        """The name of the main file."""
        return next(iter(self.files))


@dataclass(frozen=True)
class Delivered:
    """What was written: files or addresses, the main one first.

    ``inexact`` as in :class:`Bundle`; ``remarks``: other sentences about what was done.
    """

    places: tuple[str, ...]
    inexact: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


Option = Literal["weights", "checkpoints"]
"""A choice that an export leaves to people: weights of the last or best epoch; files with which runs go on."""


@dataclass(frozen=True)
class Export:
    """One format. ``make(subjects, main, prefix)`` returns its files.

    ``main`` is the default name of the main file; the names of the files beside it begin with ``prefix``.
    ``together``: ``make`` receives all runs, which share one file or (``file_a_run``) have a folder each for it;
    otherwise one subject at a time. ``needs_runs``: a spec
    without a run has nothing to export. ``is_script``: the main file is a program that reads the files beside it.
    ``marker`` occurs in every main file that this export writes and in no others. ``show(subject)`` makes only the main
    file, for display; None where it is binary or a table. ``options`` are those that it heeds. ``packages`` are those
    that it needs beside RegLab's own, of the extra of its name. ``check(subject)`` raises :class:`RegLabError` where
    making the files would, at little cost: before a person presses Download.

    ``deliver(subjects, out, force)`` writes to ``out``, a file, folder or address, by itself: what need not fit into
    memory, or is no file. None where the files of ``make`` are written; one of the two may be missing.
    """

    name: str
    label: str
    order: int
    about: str
    main: str
    marker: bytes
    make: Callable[[Sequence[Subject], str, str], Bundle] | None = field(repr=False)
    show: Callable[[Subject], Bundle] | None = field(default=None, repr=False)
    deliver: Callable[[Sequence[Subject], str, bool], Delivered] | None = field(default=None, repr=False)
    together: bool = False
    file_a_run: bool = False
    needs_runs: bool = False
    is_script: bool = False
    options: frozenset[Option] = frozenset()
    packages: tuple[str, ...] = ()
    check: Callable[[Subject], None] | None = field(default=None, repr=False)

    @property
    def suffix(self) -> str:
        """The suffix of the main file, e.g. ".py"."""
        return "." + self.main.rpartition(".")[2]

    @property
    def missing(self) -> str | None:
        """The sentence that a package which it needs is not installed; None where all are."""
        absent = [name for name in self.packages if importlib.util.find_spec(name) is None]
        if not absent:
            return None
        return f"{self.label} needs the package {absent[0]}: pip install 'reglab[{self.name}]'."


EXPORTS: Registry[Export] = Registry("export", "reglab.exports", Export)
