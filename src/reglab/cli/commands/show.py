"""``reglab show``: one run and its figures."""

from __future__ import annotations

import argparse

from reglab.cli.command import Command, one_run
from reglab.cli.output import Output
from reglab.settings import load_settings


def _run(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.jobs import result
    from reglab.store import open_store

    with open_store(load_settings()) as store:
        store.recover()
        output.result(result(store, store.get(arguments.run)))
    return 0


ENTRY = Command("show", "show one run", 30, one_run, _run)
