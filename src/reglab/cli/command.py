"""A command of ``reglab``: its name, its arguments, what it does; and the arguments that several commands share."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reglab.cli.output import Output
from reglab.columns import MEASURES
from reglab.errors import SpecError, clipped
from reglab.spec import RunSpec
from reglab.spec_text import LONGEST


@dataclass(frozen=True)
class Command:
    """One command. ``label`` describes it in one line; ``run`` returns the exit status.

    Every command has ``--json``; ``arguments`` adds its own. Heavy packages are imported inside ``run``, so that
    ``reglab --help`` stays fast.
    """

    name: str
    label: str
    order: int
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Output], int]


def no_arguments(_parser: argparse.ArgumentParser) -> None:
    """The arguments of a command that has only ``--json``."""


def one_run(parser: argparse.ArgumentParser) -> None:
    """The argument of every command about one run or sweep."""
    parser.add_argument("run", metavar="RUN", help="id of a run or sweep, its beginning, or name")


def measure_argument(parser: argparse.ArgumentParser) -> None:
    """``--measure`` of commands about a sweep that declares one; :func:`measure_of` reads it."""
    about = "of a sweep: choose λ by validation loss or accuracy; default: the one that the sweep declares"
    parser.add_argument("--measure", choices=tuple(MEASURES), help=about)


def measure_of(arguments: argparse.Namespace) -> str | None:
    """The column of the measure; None is the one that the sweep declares."""
    return MEASURES[arguments.measure] if arguments.measure else None


def spec_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of every command that trains something new; :func:`read_spec` reads the first."""
    parser.add_argument("spec", nargs="?", metavar="SPEC.yaml", help="the run's settings; - reads standard input")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="e.g. data.label_noise=0.2")
    parser.add_argument("--name", help="default: made from dataset, CNN and λ")


def read_spec(path: str | None) -> RunSpec:
    """The spec in the file at ``path`` ("-" is standard input), or a new one, with a test part.

    :raises SpecError: the file cannot be read, or is no spec.
    """
    if path is None:
        return RunSpec.fresh()
    try:  # one character more than allowed shows that a text is too long, however long it is
        if path == "-":
            return RunSpec.from_yaml(sys.stdin.read(LONGEST + 1))
        with Path(path).open(encoding="utf-8-sig") as file:
            return RunSpec.from_yaml(file.read(LONGEST + 1))
    except OSError as error:
        raise SpecError(f"Cannot read {clipped(path)}: {os.strerror(error.errno or 0).lower()}.") from None
    except UnicodeDecodeError:
        raise SpecError(f"Cannot read {clipped(path)}: it is not UTF-8 text.") from None
