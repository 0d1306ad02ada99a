"""The command line: ``reglab train | runs | show | resume``.

Exit status: 0 done, 1 the run failed or diverged, 2 bad input (one sentence on stderr), 128 + n ended by signal n. With
``--json`` every line of output is one JSON object and the last is the result; NaN and infinities are strings there.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from reglab import __version__
from reglab.cli_output import Output
from reglab.errors import RegLabError, SpecError, StoreError
from reglab.settings import Settings, load_settings
from reglab.spec import RunSpec


class _Parser(argparse.ArgumentParser):
    """argparse, but a mistake is one sentence."""

    def error(self, message: str) -> NoReturn:
        raise SpecError(f"{message[:1].upper()}{message[1:]}; see {self.prog} --help.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command ``argv`` (default: the process's arguments); the exit status."""
    try:
        arguments = _parser().parse_args(argv)
        command: Callable[[argparse.Namespace, Output], int] = arguments.command
        return command(arguments, Output(as_json=arguments.json))
    except RegLabError as error:
        print(f"reglab: {error}", file=sys.stderr)
        return error.exit_status


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="reglab", description="Regularization experiments on CNNs.")
    parser.add_argument("--version", action="version", version=f"reglab {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    train = _command(commands, "train", _train, "train one run here and now, and save it")
    train.add_argument("spec", nargs="?", metavar="SPEC.yaml", help="the run's settings; - reads standard input")
    train.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="e.g. penalty.l2=1e-2")
    train.add_argument("--name", help="the run's name; default: made from data set, CNN and λ")
    _command(commands, "runs", _runs, "list the saved runs, newest first")
    _command(commands, "show", _show, "show one run").add_argument(
        "run", metavar="RUN", help="id, its beginning, or name"
    )
    _command(commands, "resume", _resume, "go on with a stopped run from its last checkpoint").add_argument(
        "run", metavar="RUN", help="id, its beginning, or name"
    )
    return parser


def _command(
    commands: Any, name: str, command: Callable[[argparse.Namespace, Output], int], text: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.set_defaults(command=command)
    return parser


def _train(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.store import open_store
    from reglab.training import check

    spec = _read_spec(arguments.spec).with_assignments(arguments.set)
    check(spec)
    settings = load_settings()
    with open_store(settings) as store:
        run = store.create(spec, name=arguments.name, owner=store.owner())
        return _work(store, settings, run, output)


def _resume(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.store import open_store

    settings = load_settings()
    with open_store(settings) as store:
        store.recover()
        run = store.get(arguments.run)
        if not run.resumable:
            raise StoreError(f"Run {run.id} is {run.state}: there is nothing to resume.")
        store.take_over(run.id, store.owner())
        return _work(store, settings, store.get(run.id), output)


def _work(store: Any, settings: Settings, run: Any, output: Output) -> int:
    """Train ``run`` in this process, telling of every epoch; a signal to end makes it checkpoint first."""
    from reglab.jobs import Worker, result

    output.began(run)
    with _signals() as received:
        Worker(store, settings, run, closing=lambda: bool(received), listen=output.listen).work()
    ended = store.get(run.id)
    output.result(result(store, ended))
    if received:
        return 128 + received[0]
    return 0 if ended.state == "finished" else 1


def _runs(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.jobs import result
    from reglab.store import open_store

    with open_store(load_settings()) as store:
        store.recover()
        output.runs([result(store, run) for run in store.runs()])
    return 0


def _show(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.jobs import result
    from reglab.store import open_store

    with open_store(load_settings()) as store:
        store.recover()
        output.result(result(store, store.get(arguments.run)))
    return 0


def _read_spec(path: str | None) -> RunSpec:
    """The spec in the file at ``path`` ("-" is standard input), or the default one."""
    if path is None:
        return RunSpec()
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise SpecError(f"Cannot read {path}: {os.strerror(error.errno or 0).lower()}.") from None
    except UnicodeDecodeError:
        raise SpecError(f"Cannot read {path}: it is not UTF-8 text.") from None
    return RunSpec.from_yaml(text)


@contextmanager
def _signals() -> Iterator[list[int]]:
    """The ending signals received meanwhile, instead of dying from them."""
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
