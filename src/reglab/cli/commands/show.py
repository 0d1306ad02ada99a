"""``reglab show``: one run or sweep and its figures."""

from __future__ import annotations

import argparse

from reglab.cli.command import Command, measure_argument, measure_of, one_run
from reglab.cli.output import Output
from reglab.lazy import uncollected
from reglab.settings import load_settings


def _arguments(parser: argparse.ArgumentParser) -> None:
    one_run(parser)
    measure_argument(parser)


@uncollected()
def _run(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.jobs import result
    from reglab.store import Run, open_store

    with open_store(load_settings()) as store:
        store.recover()
        found = store.find(arguments.run)
        if isinstance(found, Run):
            output.result(result(store, found))
        else:
            from reglab.cli.training import print_sweep  # brings torch

            print_sweep(store, found, output, measure_of(arguments))
    return 0


ENTRY = Command("show", "show one run or sweep", 30, _arguments, _run)
