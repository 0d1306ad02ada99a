"""``reglab runs``: the list of runs."""

from __future__ import annotations

import argparse

from reglab.cli.command import Command
from reglab.cli.output import Output
from reglab.settings import load_settings


def _arguments(_parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def _run(_arguments: argparse.Namespace, output: Output) -> int:
    from reglab.jobs import result, unreadable_result
    from reglab.store import Run, open_store

    with open_store(load_settings()) as store:
        store.recover()
        rows = store.every_run()
        output.runs([result(store, row) if isinstance(row, Run) else unreadable_result(row) for row in rows])
    return 0


ENTRY = Command("runs", "list the saved runs, newest first", 20, _arguments, _run)
