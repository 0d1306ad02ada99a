"""``reglab resume``: a stopped run or sweep, from its last checkpoint on."""

from __future__ import annotations

import argparse

from reglab.cli.command import Command, one_run
from reglab.cli.output import Output
from reglab.errors import StoreError


def _run(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.cli.finding import run_or_sweep
    from reglab.cli.sweeping import work_sweep
    from reglab.cli.working import training_settings, work
    from reglab.store import Run, open_store

    settings = training_settings()
    with open_store(settings) as store:
        store.recover()
        found = run_or_sweep(store, arguments.run)
        if isinstance(found, Run) and found.sweep is not None:  # lanes advance together
            found = store.sweep(found.sweep)
        if not found.resumable:
            raise StoreError(store.not_resumable(found))
        if isinstance(found, Run):
            store.take_over(found.id, store.owner())
            return work(store, settings, store.get(found.id), output)
        store.take_over(found.id, store.owner())
        return work_sweep(store, settings, store.sweep(found.id), output)


ENTRY = Command("resume", "go on with a stopped run or sweep from its last checkpoint", 40, one_run, _run)
