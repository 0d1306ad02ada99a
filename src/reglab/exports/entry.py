"""An export: a format's name, its files and the function that makes them from runs or specs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from reglab.errors import RegLabError
from reglab.exports.subject import Subject
from reglab.registry import Registry


class ExportError(RegLabError):
    """This export cannot write the run or spec, or must not write to this place."""


@dataclass(frozen=True)
class Bundle:
    """Files by name (relative to the export's folder, separated by "/"); the main file comes first.

    ``inexact``: one sentence for each difference between what the files compute and what RegLab computes.
    """

    files: Mapping[str, bytes]
    inexact: tuple[str, ...] = ()

    @property
    def main(self) -> str:
        """The name of the main file."""
        return next(iter(self.files))


@dataclass(frozen=True)
class Export:
    """One format. ``make(subjects, main, prefix)`` returns its files.

    ``main`` is the default name of the main file; the names of the files beside it begin with ``prefix``.
    ``together``: all runs share one file, otherwise ``make`` receives one subject at a time. ``needs_runs``: a spec
    without a run has nothing to export. ``is_script``: the main file is a program that reads the files beside it.
    ``marker`` occurs in every main file that this export writes and in no others. ``show(subject)`` makes only the main
    file, for display; None where it is binary or a table.
    """

    name: str
    label: str
    order: int
    about: str
    main: str
    marker: bytes
    make: Callable[[Sequence[Subject], str, str], Bundle] = field(repr=False)
    show: Callable[[Subject], Bundle] | None = field(default=None, repr=False)
    together: bool = False
    needs_runs: bool = False
    is_script: bool = False

    @property
    def suffix(self) -> str:
        """The suffix of the main file, e.g. ".py"."""
        return "." + self.main.rpartition(".")[2]


EXPORTS: Registry[Export] = Registry("export", "reglab.exports", Export)
