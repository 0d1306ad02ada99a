"""``reglab runs``: the list of runs, newest first."""

from __future__ import annotations

import argparse

from reglab.cli.command import Command
from reglab.cli.output import Output
from reglab.lazy import uncollected
from reglab.settings import load_settings

LIMIT = 50  # runs in the table by default; JSON has all


def _arguments(parser: argparse.ArgumentParser) -> None:
    about = f"list the N newest runs, 0 for all (default: {LIMIT}, with --json all)"
    parser.add_argument("--limit", type=_count, metavar="N", help=about)


def _count(text: str) -> int:
    """A whole number that a database's 64 bits hold."""
    if not text.isdecimal() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"{text[:60]!r} is not a number of runs")
    return int(text)


@uncollected()
def _run(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.jobs import result, unreadable_result
    from reglab.store import Run, open_store

    with open_store(load_settings()) as store:
        store.recover()
        default = 0 if output.as_json else LIMIT
        limit = default if arguments.limit is None else arguments.limit
        rows = store.every_run(limit=limit or None)
        output.runs([result(store, row) if isinstance(row, Run) else unreadable_result(row) for row in rows])
        total = store.count_runs().total
    if limit and total > limit:
        output.note(f"The {limit:,} newest of {total:,} runs; --limit 0 lists all.")
    return 0


ENTRY = Command("runs", "list the saved runs, newest first", 20, _arguments, _run)
