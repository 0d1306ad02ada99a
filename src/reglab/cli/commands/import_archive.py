"""``reglab import``: take the runs and sweeps of an archive into this home."""

from __future__ import annotations

import argparse
from pathlib import Path

from reglab.cli.command import Command
from reglab.cli.output import Output
from reglab.errors import SpecError, clipped
from reglab.settings import load_settings


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE.reglab.zip", help="an archive that `reglab export --to archive` wrote")


def _run(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.archive import import_archive
    from reglab.store import open_store

    with open_store(load_settings()) as store:
        try:
            with Path(arguments.file).open("rb") as file:
                arrivals = import_archive(store, file)
        except (FileNotFoundError, IsADirectoryError, PermissionError, ValueError) as error:
            why = getattr(error, "strerror", None) or "it is no path"
            raise SpecError(f"Cannot read {clipped(arguments.file)}: {why.lower()}.") from None
    record = {"imported": [vars(arrival) for arrival in arrivals]}
    output.print(record, "\n".join(arrival.sentence for arrival in arrivals))
    return 0


ENTRY = Command("import", "take in the runs and sweeps of an archive", 52, _arguments, _run)
