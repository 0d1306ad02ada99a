"""Reads the arguments, runs the command, and turns every mistake into one sentence.

Exit status: 0 done, 1 the run failed or diverged, 2 bad input or an output that cannot be written (one sentence on
stderr), 128 + n ended by signal n. With ``--json`` every line of output is one JSON object and the last is the result;
NaN and infinities are strings there.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from reglab import __version__
from reglab.cli import streams
from reglab.cli.command import Command
from reglab.cli.output import Output
from reglab.errors import ECHOED, RegLabError, SpecError, clipped, shown
from reglab.lazy import uncollected
from reglab.registry import Registry

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

COMMANDS: Registry[Command] = Registry("command", "reglab.cli.commands", Command)


class _Parser(argparse.ArgumentParser):
    """argparse with one-sentence errors that repeat little of the input, and help that may meet a closed stream."""

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        if not streams.write(self.format_help()):
            raise SystemExit(2)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        self.arguments = list(sys.argv[1:] if args is None else args)
        return super().parse_known_args(args, namespace)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        found, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {clipped(' '.join(unknown))}")
        return found

    def error(self, message: str) -> NoReturn:
        parts = {part for text in self.arguments for part in (text, text.partition("=")[2])}
        for part in sorted((part for part in parts if len(part) > ECHOED), key=len, reverse=True):
            message = message.replace(repr(part), repr(clipped(part))).replace(part, clipped(part))
        raise SpecError(f"{message[:1].upper()}{message[1:]}; see {self.prog} --help.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command ``argv`` (default: the process's arguments); the exit status."""
    streams.prepare()
    try:
        return _run(sys.argv[1:] if argv is None else argv)
    except RegLabError as error:
        streams.complain(str(error))
        return error.exit_status
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _run(argv: Sequence[str]) -> int:
    """Run the command; its exit status, or 2 if its output was lost."""
    for argument in argv:
        if any("\ud800" <= character <= "\udfff" for character in argument):
            raise SpecError(f"The argument {shown(argument)} is not text in this system's encoding.")
    with uncollected():  # the commands' modules
        parser = _parser()
    arguments = parser.parse_args(argv)
    command: Command = arguments.command
    if arguments.json:
        streams.prepare_json()
    output = Output(as_json=arguments.json)
    status = command.run(arguments, output)
    return status or (2 if output.lost else 0)


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
