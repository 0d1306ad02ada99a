"""``reglab resume``: a stopped run or sweep, from its last checkpoint."""

from __future__ import annotations

import argparse

from reglab.cli.command import Command, one_run
from reglab.cli.output import Output
from reglab.errors import StoreError


def _run(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.cli.training import train_run, train_sweep, training_settings
    from reglab.store import Run, open_store

    settings = training_settings()
    with open_store(settings) as store:
        store.recover()
        found = store.find(arguments.run)
        if isinstance(found, Run) and found.sweep is not None:  # runs of a sweep train together
            found = store.sweep(found.sweep)
        if not found.resumable:
            raise StoreError(store.not_resumable(found))
        store.take_over(found.id, store.owner())
        if isinstance(found, Run):
            return train_run(store, settings, store.get(found.id), output)
        return train_sweep(store, settings, store.sweep(found.id), output)


ENTRY = Command("resume", "resume a stopped run or sweep from its last checkpoint", 40, one_run, _run)
