"""``reglab backup``: a copy of the home, made while it is in use."""

from __future__ import annotations

import argparse
from pathlib import Path

from reglab.cli.command import Command
from reglab.cli.output import Output
from reglab.number_format import gib
from reglab.settings import load_settings


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", help="a new folder; as REGLAB_HOME it is the restored store")


def _run(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.store import open_store

    target = Path(arguments.path).expanduser().absolute()
    with open_store(load_settings()) as store:
        copied = store.back_up(target)
    record = {"backup": str(target), "files": copied.files, "bytes": copied.bytes, "left_out": copied.left_out}
    lines = [f"{copied.files:,} files, {gib(copied.bytes)}, in {target}; datasets are not included."]
    lines += [f"LEFT OUT, not readable by this user: {place}" for place in copied.left_out]
    output.print(record, "\n".join(lines))
    return 1 if copied.left_out else 0


ENTRY = Command("backup", "copy the database and the files of all runs to a new folder", 76, _arguments, _run)
