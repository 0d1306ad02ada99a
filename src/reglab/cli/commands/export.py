"""``reglab export``: runs as scripts, tables or specs that other programs read."""

from __future__ import annotations

import argparse
from pathlib import Path

from reglab.cli.command import Command
from reglab.cli.output import Output
from reglab.settings import load_settings

_OUT = (
    "a file, where PATH ends as the format does (.py, .csv, .parquet, .yaml); a script's data and weights are written "
    "beside it under its stem. Any other PATH is a folder, made if missing; scripts and specs of several runs have a "
    "folder each in it"
)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN", help="id, its beginning, or name")
    parser.add_argument("--to", required=True, metavar="NAME", help="pytorch, keras, csv, parquet or yaml")
    parser.add_argument("--out", required=True, metavar="PATH", help=_OUT)
    parser.add_argument("--force", action="store_true", help="replace files that no earlier export wrote")


def _run(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.exports import EXPORTS, export, place, save
    from reglab.store import open_store

    settings, entry = load_settings(), EXPORTS.get(arguments.to)
    with open_store(settings) as store:
        store.recover()
        runs = list({run.id: run for run in map(store.get, arguments.runs)}.values())
        at = place(entry, len(runs), Path(arguments.out))
        bundle = export(runs, entry.name, settings=settings, store=store, main=at.main, prefix=at.prefix)
    files = [str(path) for path in save(bundle, entry, at.folder, arguments.force)]
    notes = [f"Not exact: {sentence}" for sentence in bundle.inexact]
    output.print({"to": entry.name, "files": files, "inexact": list(bundle.inexact)}, "\n".join([*files, *notes]))
    return 0


ENTRY = Command("export", "write runs as scripts, tables or specs", 50, _arguments, _run)
