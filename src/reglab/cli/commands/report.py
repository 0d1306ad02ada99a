"""``reglab report``: runs and sweeps as one HTML file to hand over, which needs neither RegLab nor a network."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from reglab.cli.command import Command
from reglab.cli.output import Output
from reglab.errors import SpecError, clipped
from reglab.lazy import uncollected
from reglab.number_format import gib
from reglab.settings import load_settings

_SUFFIXES = (".html", ".htm")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("jobs", nargs="+", metavar="RUN|SWEEP", help="ids, their beginnings, or names; 50 at most")
    about = "the file to write, in a folder that is made if missing; an old report is replaced, no other file is"
    parser.add_argument("--out", required=True, metavar="FILE.html", help=about)


@uncollected()
def _run(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.report import find, make_report, save
    from reglab.store import open_store

    start, settings, path = time.perf_counter(), load_settings(), Path(arguments.out)
    if path.suffix.lower() not in _SUFFIXES:
        raise SpecError(f"--out names an HTML file, for example report.html, not {clipped(path.name)}.")
    with open_store(settings) as store:
        store.recover()
        subjects = find(store, arguments.jobs)
        page = make_report(store, settings, subjects)
    save(page, path)
    found = {
        "report": str(path),
        "bytes": len(page),
        "runs": [run.id for run in subjects.runs],
        "sweeps": [sweep.id for sweep in subjects.sweeps],
        "seconds": round(time.perf_counter() - start, 3),
    }
    output.print(found, f"{path} ({gib(len(page))}): {subjects.title}")
    return 0


ENTRY = Command("report", "write runs and sweeps as one HTML report", 55, _arguments, _run)
