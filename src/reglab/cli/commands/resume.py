"""``reglab resume``: a stopped run, from its last checkpoint on."""

from __future__ import annotations

import argparse

from reglab.cli.command import Command, one_run
from reglab.cli.output import Output
from reglab.errors import StoreError
from reglab.settings import load_settings


def _run(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.cli.working import work
    from reglab.store import open_store

    settings = load_settings()
    with open_store(settings) as store:
        store.recover()
        run = store.get(arguments.run)
        if not run.resumable:
            raise StoreError(f"Run {run.id} is {run.state}: there is nothing to resume.")
        store.take_over(run.id, store.owner())
        return work(store, settings, store.get(run.id), output)


ENTRY = Command("resume", "go on with a stopped run from its last checkpoint", 40, one_run, _run)
