"""``reglab runs``: the list of runs, newest first, or their groups by sweep, CNN or λ."""

from __future__ import annotations

import argparse

from reglab.cli.command import Command
from reglab.cli.output import Output
from reglab.lazy import uncollected
from reglab.settings import load_settings

LIMIT = 50  # rows in the table by default; JSON has all


def _arguments(parser: argparse.ArgumentParser) -> None:
    about = f"list the N newest runs or groups, 0 for all (default: {LIMIT}, with --json all)"
    parser.add_argument("--limit", type=_count, metavar="N", help=about)
    grouped = "a row a sweep, CNN or λ instead of a run: mean ± standard error over seeds"
    parser.add_argument("--group-by", choices=("sweep", "cnn", "lambda"), help=grouped)


def _count(text: str) -> int:
    """A whole number that a database's 64 bits hold."""
    if not text.isdecimal() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"{text[:60]!r} is not a number of runs")
    return int(text)


@uncollected()
def _run(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.cli.run_list import Listed, print_groups, print_runs
    from reglab.jobs import result, unreadable_result
    from reglab.store import Run, open_store

    with open_store(load_settings()) as store:
        store.recover()
        default = 0 if output.as_json else LIMIT
        limit = default if arguments.limit is None else arguments.limit
        if arguments.group_by:
            groups = store.run_groups(arguments.group_by)
            print_groups(output, store.name_groups(groups.at(groups.keys[: limit or None])))
            total, things = len(groups.keys), "groups"
        else:
            rows = store.every_run(limit=limit or None)
            values = iter(store.row_values([row for row in rows if isinstance(row, Run)]))
            print_runs(
                output,
                [
                    Listed(result(store, row), next(values)) if isinstance(row, Run) else Listed(unreadable_result(row))
                    for row in rows
                ],
            )
            total, things = store.count_runs().total, "runs"
    if limit and total > limit:
        output.note(f"The {limit:,} newest of {total:,} {things}; --limit 0 lists all.")
    return 0


ENTRY = Command("runs", "list the saved runs, newest first", 20, _arguments, _run)
