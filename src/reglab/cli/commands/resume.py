"""``reglab resume``: a stopped run or sweep from its last checkpoint, or one that has ended on to more epochs."""

from __future__ import annotations

import argparse

from reglab.cli.command import Command, measure_argument, measure_of, one_run
from reglab.cli.output import Output
from reglab.errors import SpecError, StoreError, shown


def _arguments(parser: argparse.ArgumentParser) -> None:
    one_run(parser)
    about = "go on to N epochs in all, also where all epochs are done; the same bits as N at once"
    parser.add_argument("--epochs", metavar="N", help=about)
    measure_argument(parser)


def _run(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.cli.training import train_run, train_sweep, training_settings
    from reglab.store import Run, open_store

    epochs, settings = _epochs(arguments.epochs), training_settings()
    with open_store(settings) as store:
        store.recover()
        found = store.find(arguments.run)
        if isinstance(found, Run) and found.sweep is not None:  # runs of a sweep train together
            found = store.sweep(found.sweep)
        if epochs is not None:
            store.extend(found.id, epochs, owner=store.owner())
        elif not found.resumable:
            raise StoreError(store.not_resumable(found))
        else:
            store.take_over(found.id, store.owner())
        if isinstance(found, Run):
            return train_run(store, settings, store.get(found.id), output)
        return train_sweep(store, settings, store.sweep(found.id), output, measure=measure_of(arguments))


def _epochs(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise SpecError(f"--epochs takes a whole number, not {shown(text)}.")
    return int(text)


ENTRY = Command("resume", "resume a stopped run or sweep, or extend one to more epochs", 40, _arguments, _run)
