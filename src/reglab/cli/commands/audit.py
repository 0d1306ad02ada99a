"""``reglab audit``: who started, stopped, resumed, extended, deleted, restored or relabelled what; data sets too."""

from __future__ import annotations

import argparse

from reglab.cli.command import Command
from reglab.cli.output import Output
from reglab.errors import SpecError, shown
from reglab.settings import load_settings


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", default="100", metavar="N", help="the newest N entries; default: 100")


def _run(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.store import open_store

    if not arguments.limit.isdecimal() or not 1 <= int(arguments.limit) <= 10**6:
        raise SpecError(f"--limit must be a whole number from 1 to 1000000, not {shown(arguments.limit)}.")
    with open_store(load_settings()) as store:
        entries = store.audit_log(int(arguments.limit))
    for one in entries:
        record = {
            "moment": one.moment.isoformat(), "person": one.person, "action": one.action,
            "id": one.job or None, "name": one.name,
        }  # fmt: skip
        who, what = one.person or "this machine", "  ".join(filter(None, (one.job, one.name)))
        output.print(record, f"{one.moment.astimezone():%Y-%m-%d %H:%M:%S}  {who}  {one.action}  {what}")
    output.print({"entries": len(entries)}, f"{len(entries):,} entries." if entries else "Nothing has been done yet.")
    return 0


ENTRY = Command("audit", "show who started, stopped, changed and deleted what", 76, _arguments, _run)
