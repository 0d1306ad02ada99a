"""``reglab train``: one run, here and now."""

from __future__ import annotations

import argparse

from reglab.cli.command import Command
from reglab.cli.output import Output
from reglab.cli.spec_file import read_spec


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("spec", nargs="?", metavar="SPEC.yaml", help="the run's settings; - reads standard input")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="e.g. penalty.l2=1e-2")
    parser.add_argument("--name", help="the run's name; default: made from data set, CNN and λ")


def _run(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.cli.working import training_settings, work
    from reglab.jobs import check_run
    from reglab.store import open_store

    spec = read_spec(arguments.spec).with_assignments(arguments.set)
    settings = training_settings()
    check_run(spec, settings)
    with open_store(settings) as store:
        run = store.create(spec, name=arguments.name, owner=store.owner())
        return work(store, settings, run, output)


ENTRY = Command("train", "train one run here and now, and save it", 10, _arguments, _run)
