"""What a command of ``reglab`` is: its name, its arguments, and what it does."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from reglab.cli.output import Output


@dataclass(frozen=True)
class Command:
    """One command. ``label`` says in one line what it does; ``run`` gives the exit status.

    Every command has ``--json``; ``arguments`` adds its own. Heavy packages are imported inside ``run``, so that
    ``reglab --help`` stays quick.
    """

    name: str
    label: str
    order: int
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Output], int]


def one_run(parser: argparse.ArgumentParser) -> None:
    """The argument of every command about one run."""
    parser.add_argument("run", metavar="RUN", help="id of a run or sweep, its beginning, or name")
