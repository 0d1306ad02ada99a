"""The command line's frame: it reads the arguments, calls the command, and says every mistake in one sentence.

Exit status: 0 done, 1 the run failed or diverged, 2 bad input (one sentence on stderr), 128 + n ended by signal n. With
``--json`` every line of output is one JSON object and the last is the result; NaN and infinities are strings there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from reglab import __version__
from reglab.cli.command import Command
from reglab.cli.output import Output
from reglab.errors import RegLabError, SpecError
from reglab.registry import Registry

COMMANDS: Registry[Command] = Registry("command", "reglab.cli.commands", Command)


class _Parser(argparse.ArgumentParser):
    """argparse, but a mistake is one sentence."""

    def error(self, message: str) -> NoReturn:
        raise SpecError(f"{message[:1].upper()}{message[1:]}; see {self.prog} --help.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command ``argv`` (default: the process's arguments); the exit status."""
    try:
        arguments = _parser().parse_args(argv)
        command: Command = arguments.command
        return command.run(arguments, Output(as_json=arguments.json))
    except RegLabError as error:
        print(f"reglab: {error}", file=sys.stderr)
        return error.exit_status


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="reglab", description="Regularization experiments on CNNs.")
    parser.add_argument("--version", action="version", version=f"reglab {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    for entry in COMMANDS.entries.values():
        about = f"{entry.label[0].upper()}{entry.label[1:]}."
        own = commands.add_parser(entry.name, help=entry.label, description=about)
        entry.arguments(own)
        own.add_argument("--json", action="store_true", help="print one JSON object a line")
        own.set_defaults(command=entry)
    return parser
