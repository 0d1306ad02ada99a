"""``reglab export``: runs as scripts, tables or specs that other programs read."""

from __future__ import annotations

import argparse

from reglab.cli.command import Command
from reglab.cli.output import Output
from reglab.settings import load_settings

_OUT = (
    "a file, where PATH ends as the format does (.py, .csv, .parquet, .yaml, .tfevents, .db, .onnx, .zip); a script's "
    "data and weights are written beside it under its stem. Any other PATH is a folder, made if missing; scripts and "
    "specs of several runs have a folder each in it. mlflow also takes a tracking URI"
)
_FORMATS = "pytorch, keras, csv, parquet, yaml, tensorboard, mlflow, onnx, archive"


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN", help="id, its beginning, or name; a sweep is all its runs")
    parser.add_argument("--to", required=True, metavar="NAME", help=_FORMATS)
    parser.add_argument("--out", required=True, metavar="PATH", help=_OUT)
    about = "of onnx: weights of the last or the best epoch; default: those that the run ends with"
    parser.add_argument("--weights", choices=("last", "best"), help=about)
    about = "of archive: include the files with which runs go on where it is imported"
    parser.add_argument("--checkpoints", action="store_true", help=about)
    parser.add_argument("--force", action="store_true", help="replace files that no earlier export wrote")


def _run(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.exports import EXPORTS, deliver
    from reglab.store import Run, open_store

    settings, entry = load_settings(), EXPORTS.get(arguments.to)
    with open_store(settings) as store:
        store.recover()
        found = [store.find(text) for text in arguments.runs]
        runs = {run.id: run for job in found for run in ([job] if isinstance(job, Run) else store.sweep_runs(job.id))}
        done = deliver(
            list(runs.values()), entry.name, arguments.out,
            settings=settings, store=store,
            which=arguments.weights, checkpoints=arguments.checkpoints, force=arguments.force,
        )  # fmt: skip
    record = {"to": entry.name, "files": list(done.places), "inexact": list(done.inexact), "notes": list(done.remarks)}
    notes = [f"Not exact: {sentence}" for sentence in done.inexact]
    output.print(record, "\n".join([*done.places, *notes, *done.remarks]))
    return 0


ENTRY = Command(
    "export", "write runs as scripts, tables, specs, models, or for trackers and other homes", 50, _arguments, _run
)
