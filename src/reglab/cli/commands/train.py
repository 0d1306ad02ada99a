"""``reglab train``: one run."""

from __future__ import annotations

import argparse

from reglab.cli.command import Command, read_spec, spec_arguments
from reglab.cli.output import Output
from reglab.cli.streams import complain


def _run(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.cli.training import train_run, training_settings
    from reglab.datasets import pinned
    from reglab.jobs import check_run, size_remark
    from reglab.store import open_store

    spec = read_spec(arguments.spec).with_assignments(arguments.set)
    settings = training_settings()
    check_run(spec, settings)
    if remark := size_remark(spec):
        complain(remark)
    with open_store(settings) as store:
        run = store.create(pinned(spec), name=arguments.name, owner=store.owner())
        return train_run(store, settings, run, output)


ENTRY = Command("train", "train one run in this process, and save it", 10, spec_arguments, _run)
