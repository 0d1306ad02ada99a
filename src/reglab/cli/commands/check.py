"""``reglab check``: the database and the files of all runs."""

from __future__ import annotations

import argparse

from reglab.cli.command import Command, no_arguments
from reglab.cli.output import Output
from reglab.settings import load_settings


def _run(_arguments: argparse.Namespace, output: Output) -> int:
    from reglab.store import open_store

    with open_store(load_settings()) as store:
        found = 0
        for problem in store.problems():
            found += 1
            output.print({"problem": problem.sentence, "kind": problem.kind, "id": problem.id}, problem.sentence)
        strangers = store.strangers()
    if strangers:
        folders = f"{len(strangers):,} folder{'' if len(strangers) == 1 else 's'}"
        output.print({"strangers": strangers}, f"{folders} of no run in this store: {', '.join(strangers)}.")
    summary = f"{found:,} problem{'' if found == 1 else 's'} found." if found else "Everything is whole."
    output.print({"problems": found, "strangers": len(strangers)}, summary)
    return 1 if found else 0


ENTRY = Command("check", "check the database, and the weights and checkpoints of all runs", 74, no_arguments, _run)
