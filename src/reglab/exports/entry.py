"""What an export is: a name, what its files are called, and how they are made of runs or specs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from reglab.errors import RegLabError
from reglab.exports.subject import Subject
from reglab.registry import Registry


class ExportError(RegLabError):
    """Something that this export cannot write, or a place where it may not write."""


@dataclass(frozen=True)
class Bundle:
    """Files by their name (a path with "/" below the export's folder), the one to look at first.

    ``inexact`` says in whole sentences where the files do not do exactly what RegLab does.
    """

    files: Mapping[str, bytes]
    inexact: tuple[str, ...] = ()

    @property
    def main(self) -> str:
        """The name of the file to look at first."""
        return next(iter(self.files))


@dataclass(frozen=True)
class Export:
    """One kind of export. ``make(subjects, main, prefix)`` gives its files.

    ``main`` is the usual name of its main file, and names of files beside it begin with ``prefix``. ``together``: all
    runs share one file; otherwise ``make`` gets one subject at a time. ``needs_runs``: a spec alone has nothing to
    export. ``is_script``: the main file is a program with files of its own. ``marker`` is found in every main file
    that this export wrote, and tells it from a file of somebody else. ``show(subject)`` makes the main file alone, for
    reading, where it is text.
    """

    name: str
    label: str
    order: int
    about: str
    main: str
    together: bool
    needs_runs: bool
    is_script: bool
    marker: bytes
    make: Callable[[Sequence[Subject], str, str], Bundle] = field(repr=False)
    show: Callable[[Subject], Bundle] | None = field(default=None, repr=False)

    @property
    def suffix(self) -> str:
        """How the main file's name ends, e.g. ".py"."""
        return "." + self.main.rpartition(".")[2]


EXPORTS: Registry[Export] = Registry("export", "reglab.exports", Export)
