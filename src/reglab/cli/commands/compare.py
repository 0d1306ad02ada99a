"""``reglab compare``: what runs differ in, or what each regularizer is worth, of sweeps that differ in one only."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reglab.cli.command import Command, measure_argument, measure_of
from reglab.cli.judgement_lines import difference_line, figure_text
from reglab.cli.output import Output
from reglab.columns import MEASURES, VAL_ACC
from reglab.errors import SpecError
from reglab.number_format import percent
from reglab.settings import load_settings

if TYPE_CHECKING:
    from reglab.store import Run, Store


def _arguments(parser: argparse.ArgumentParser) -> None:
    about = (
        "ids of runs, their beginnings, or names: their settings and figures against one of them. Or sweeps, one of "
        "them with runs without any regularizer: what each regularizer is worth"
    )
    parser.add_argument("jobs", metavar="RUN|SWEEP", nargs="+", help=about)
    parser.add_argument(
        "--baseline", metavar="RUN", help="the run that the others are compared with; default: the first"
    )
    measure_argument(parser)


def _run(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.jobs.comparing import comparison_result
    from reglab.jobs.run_comparing import runs_result
    from reglab.store import Run, Sweep, open_store

    with open_store(load_settings()) as store:
        store.recover()
        found = {one.id: one for one in map(store.find, arguments.jobs)}.values()
        sweeps = [one for one in found if isinstance(one, Sweep)]
        runs = [one for one in found if isinstance(one, Run)]
        if sweeps and (runs or arguments.baseline):
            raise SpecError("compare takes runs, with a baseline among them, or sweeps, not both.")
        if sweeps:
            result = comparison_result(store, sweeps, measure_of(arguments))
            output.print(result, "\n".join(_lines(result)))
        else:
            result = runs_result(*_with_baseline(store, runs, arguments.baseline))
            output.print(result, "\n".join(_run_lines(result)))
    return 0


def _with_baseline(store: Store, runs: Sequence[Run], baseline: str | None) -> tuple[list[Run], str]:
    """The runs, the baseline among them, and its id."""
    base = runs[0] if baseline is None else store.get(baseline)
    return list({run.id: run for run in [*runs, base]}.values()), base.id


def _run_lines(found: dict[str, Any]) -> list[str]:
    """The settings that differ, then every figure with its change against the baseline; a column a run."""
    from reglab.content.difference_text import setting_text, with_change

    runs = found["runs"]
    rows = [("", *(one["run"] for one in runs)), ("", *(one["status"] for one in runs))]
    rows += [(key, *(setting_text(one["settings"][key]) for one in runs)) for key in found["settings"]]
    rows += [
        (name, *(with_change(name, one["figures"][name], one["changes"][name]) for one in runs))
        for name in found["figures"]
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [f"against {found['baseline']}; figures of the last epoch, of the best one under best."]
    lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    if not found["settings"]:
        lines.append("The runs have the same settings.")
    return [*lines, *found["caveats"]]


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


ENTRY = Command("compare", "what runs differ in; or what regularizers are worth, of sweeps", 35, _arguments, _run)
