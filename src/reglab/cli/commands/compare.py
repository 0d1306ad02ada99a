"""``reglab compare``: what runs differ in, their accuracy under noise, or what each regularizer of sweeps is worth."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reglab.cli.command import Command, measure_of
from reglab.cli.judgement_lines import difference_line, figure_text
from reglab.cli.output import Output
from reglab.columns import MEASURES, VAL_ACC
from reglab.errors import SpecError, shown
from reglab.number_format import exact, percent
from reglab.settings import load_settings

if TYPE_CHECKING:
    from reglab.store import Run, Store, Sweep


NOISE = "noise"
"""The measure of runs that no epoch records."""


def _arguments(parser: argparse.ArgumentParser) -> None:
    about = (
        "ids of runs, their beginnings, or names: their settings and figures against one of them. Or sweeps, one of "
        "them with runs without any regularizer: what each regularizer is worth"
    )
    parser.add_argument("jobs", metavar="RUN|SWEEP", nargs="+", help=about)
    parser.add_argument(
        "--baseline", metavar="RUN", help="the run that the others are compared with; default: the first"
    )
    about = (
        "of sweeps: choose by validation loss or accuracy; default: the one that the first sweep declares. Of runs: "
        f"only the figures of that measure, or {NOISE}: the accuracy on validation images with growing Gaussian noise"
    )
    parser.add_argument("--measure", choices=(*MEASURES, NOISE), help=about)


def _run(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.jobs.comparing import comparison_result
    from reglab.jobs.noise import noise_result
    from reglab.jobs.run_comparing import runs_result
    from reglab.store import Run, Sweep, open_store

    with open_store(load_settings()) as store:
        store.recover()
        found = {one.id: one for one in map(store.find, arguments.jobs)}.values()
        sweeps = [one for one in found if isinstance(one, Sweep)]
        runs = [one for one in found if isinstance(one, Run)]
        if sweeps and (runs or arguments.baseline):
            raise SpecError("compare takes runs, with a baseline among them, or sweeps, not both.")
        _refuse_deleted([*runs, *sweeps])
        if sweeps and arguments.measure == NOISE:
            raise SpecError("The accuracy under noise is that of runs; give runs, for example those of the sweep.")
        if sweeps:
            result = comparison_result(store, sweeps, measure_of(arguments))
            output.print(result, "\n".join(_lines(result)))
        elif arguments.measure == NOISE:
            if arguments.baseline:
                raise SpecError("--measure noise compares with no baseline; leave --baseline away.")
            result = noise_result(store, load_settings(), runs)
            output.print(result, "\n".join(_noise_lines(result)))
        else:
            result = runs_result(*_with_baseline(store, runs, arguments.baseline), measure=arguments.measure)
            output.print(result, "\n".join(_run_lines(result)))
    return 0


def _with_baseline(store: Store, runs: Sequence[Run], baseline: str | None) -> tuple[list[Run], str]:
    """The runs, the baseline among them, and its id."""
    base = runs[0] if baseline is None else store.get(baseline)
    _refuse_deleted([base])
    return list({run.id: run for run in [*runs, base]}.values()), base.id


def _refuse_deleted(jobs: Sequence[Run | Sweep]) -> None:
    """Raise :class:`SpecError` where one of the jobs is deleted."""
    for job in jobs:
        if job.deleted is not None:
            raise SpecError(f"{shown(job.name)} ({job.id}) is deleted; restore it in the dashboard to compare it.")


def _noise_lines(found: dict[str, Any]) -> list[str]:
    """A row a σ and a column a run, each accuracy with its interval; then why a run has none."""
    runs = [one for one in found["runs"] if one["accuracy"]]
    rows = [("σ", *(one["run"] for one in runs)), ("", *(f"epoch {one['epoch']}" for one in runs))]
    rows += [
        (exact(own[0]["sigma"]), *(_interval_text(one) for one in own))
        for own in zip(*(one["accuracy"] for one in runs), strict=True)
    ]
    lines = [f"accuracy with Gaussian noise of {found['unit']}; 95 % Wilson intervals of each run by itself"]
    lines += _aligned(rows)
    return [*lines, *(f"{one['run']}: {one['problem']}" for one in found["runs"] if one["problem"])]


def _interval_text(figure: dict[str, float]) -> str:
    return f"{percent(figure['value'])} ({percent(figure['low'])} to {percent(figure['high'])})"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


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
    lines = [f"against {found['baseline']}; figures of the last epoch, of the best one under best.", *_aligned(rows)]
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
