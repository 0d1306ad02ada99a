"""``reglab compare``: what each regularizer is worth, of sweeps that differ in one regularizer only."""

from __future__ import annotations

import argparse
from typing import Any

from reglab.cli.command import Command, measure_argument, measure_of
from reglab.cli.judgement_lines import difference_line, figure_text
from reglab.cli.output import Output
from reglab.columns import MEASURES, VAL_ACC
from reglab.errors import SpecError
from reglab.number_format import percent
from reglab.settings import load_settings


def _arguments(parser: argparse.ArgumentParser) -> None:
    about = "ids of sweeps, their beginnings, or names; one of them has runs without any regularizer"
    parser.add_argument("sweeps", metavar="SWEEP", nargs="+", help=about)
    measure_argument(parser)


def _run(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.jobs.comparing import comparison_result
    from reglab.store import Sweep, open_store

    with open_store(load_settings()) as store:
        store.recover()
        found = [store.find(name) for name in arguments.sweeps]
        sweeps = list({one.id: one for one in found if isinstance(one, Sweep)}.values())
        if other := next((one for one in found if not isinstance(one, Sweep)), None):
            raise SpecError(f"{other.id} is a run; compare takes sweeps.")
        result = comparison_result(store, sweeps, measure_of(arguments))
    output.print(result, "\n".join(_lines(result)))
    return 0


def _lines(found: dict[str, Any]) -> list[str]:
    """The choice of each regularizer against none, and every pair of choices."""
    accuracy = found["measure"] == VAL_ACC
    measure = next(name for name, column in MEASURES.items() if column == found["measure"])
    lines = [
        f"validation {measure}, epoch rule {found['epoch_rule']}; without any regularizer "
        f"{figure_text(found['none']['value'], accuracy)}",
        f"against none (simultaneous intervals, {percent(found['level'], 2)} each):",
    ]
    lines += [_line(one["label"], one["difference"], accuracy) for one in found["regularizers"]]
    lines += [f"  {key}: no choice, at chance or diverged at every value" for key in found["missing"]]
    if found["pairs"]:
        lines.append(f"in pairs (simultaneous intervals, {percent(found['pair_level'], 2)} each):")
    lines += [_line(f"{one['first']} less {one['second']}", one["difference"], accuracy) for one in found["pairs"]]
    return lines


def _line(name: str, difference: dict[str, Any], accuracy: bool) -> str:
    return f"  {name}: {difference_line(difference, accuracy)}"


ENTRY = Command("compare", "compare regularizers: sweeps that differ in one of them only", 35, _arguments, _run)
