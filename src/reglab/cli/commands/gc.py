"""``reglab gc``: remove the files of runs deleted long ago, and unneeded checkpoints."""

from __future__ import annotations

import argparse
from datetime import timedelta

from reglab.cli.command import Command
from reglab.cli.output import Output
from reglab.number_format import gib
from reglab.settings import load_settings


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="list what would be removed, and remove nothing")


def _run(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.store import open_store

    settings = load_settings()
    period = timedelta(days=settings.undo_days)
    with open_store(settings) as store:
        store.recover()
        found = store.leftovers(period)
        if not arguments.dry_run:
            gone = set(store.purge(period))
            store.drop_second_checkpoints()
            found = [leftover for leftover in found if leftover.kind == "checkpoint" or leftover.id in gone]
    for leftover in found:
        what = "deleted, with all its files" if leftover.kind == "deleted" else "its second checkpoint"
        record = {"id": leftover.id, "kind": leftover.kind, "bytes": leftover.bytes}
        output.print(record, f"{leftover.id}  {gib(leftover.bytes):>9}  {what}")
    total = sum(leftover.bytes for leftover in found)
    deleted = [leftover.id for leftover in found if leftover.kind == "deleted"]
    counts = {"removed": deleted, "checkpoints": len(found) - len(deleted), "bytes": total}
    verb = "would be freed" if arguments.dry_run else "freed"
    note = f"Runs can be restored for {settings.undo_days} days after they were deleted (REGLAB_UNDO_DAYS)."
    output.print(
        {**counts, "dry_run": arguments.dry_run, "undo_days": settings.undo_days}, f"{gib(total)} {verb}. {note}"
    )
    return 0


ENTRY = Command("gc", "remove files of runs deleted long ago, and unneeded checkpoints", 72, _arguments, _run)
