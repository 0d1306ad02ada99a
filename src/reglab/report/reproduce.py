"""How to train the same runs again: specs, commands, and the exported script."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from reglab.analysis import SweepVerdict
from reglab.errors import RegLabError
from reglab.exports import show
from reglab.number_text import number_text
from reglab.report.document import Listing
from reglab.settings import Settings
from reglab.store import Run, Store
from reglab.sweep import SweepSpec

SAME_BITS = (
    "On the same kind of CPU, with the versions above and the same number of threads, training gives the same numbers "
    "to the bit; elsewhere sums are rounded in another order."
)
_SCRIPT = "pytorch"
Steps = tuple[str | Listing, ...]


def run_steps(store: Store, settings: Settings, runs: Sequence[Run]) -> Steps:
    """The spec, command and script of each run."""
    found: list[str | Listing] = [SAME_BITS]
    for run in runs:
        file = f"run-{run.id}.yaml"
        threads = f"REGLAB_THREADS={run.threads} " if run.threads else ""
        command = f"{threads}reglab train {file} --name {shlex.quote(run.name)}"
        found.append(Listing(f"{file}: the settings of {run.name}", run.spec.to_yaml(), folded=len(runs) > 1))
        found.append(Listing(f"Trains {run.name} again", command))
        found.append(script_of(store, settings, run))
    return tuple(found)


def sweep_steps(
    store: Store, settings: Settings, runs: Sequence[Run], spec: SweepSpec, best: SweepVerdict | None
) -> Steps:
    """The spec that runs share, the command of the sweep, and the script of the best λ's first run."""
    file = f"sweep-{runs[0].sweep}.yaml"
    found: list[str | Listing] = [SAME_BITS, Listing(f"{file}: the settings of every run", spec.run.to_yaml(), True)]
    if spec.only:
        numbers = ", ".join(str(number + 1) for number in spec.only)
        found.append(f"This sweep trained the points {numbers} of its grid alone; the command trains all of them.")
    found.append(Listing("Trains the sweep again", sweep_command(spec, file)))
    chosen = [
        run
        for lane, run in zip(spec.lanes(), runs, strict=True)
        if best is not None and (lane.apply, lane.point) == (best.apply, best.best)
    ]
    if chosen:
        found.append(script_of(store, settings, chosen[0]))
    return tuple(found)


def sweep_command(spec: SweepSpec, file: str) -> str:
    """The command that trains ``spec``, but for its ``only``; ``file`` has the spec of its runs."""
    lists = (("--l1", spec.l1), ("--l2", spec.l2), ("--lambda", spec.lambdas))
    words = ["reglab", "sweep", file]
    words += [word for option, values in lists if values for word in (option, _listed(values))]
    words += ["--l1-ratio", number_text(spec.l1_ratio)] if spec.l1_ratio is not None else []
    words += [word for key, values in spec.over.items() for word in ("--over", f"{key}={_listed(values)}")]
    words += ["--apply", ",".join(spec.apply)] if spec.apply else []
    words += [f"--{spec.repeated_over}s", str(spec.repeats), "--measure", spec.measure]
    words += ["--epoch", spec.epoch] if spec.epoch else []
    return shlex.join(words)


def _listed(values: Sequence[float]) -> str:
    return ",".join(map(number_text, values))


def script_of(store: Store, settings: Settings, run: Run) -> str | Listing:
    """The plain PyTorch script of ``run``, or why there is none."""
    try:
        script = show(run, _SCRIPT, settings=settings, store=store)
    except RegLabError as error:
        return f"No script of {run.name}: {error}"
    assert script is not None  # a script is text
    notes = "".join(f" Not exact: {sentence}" for sentence in script.inexact)
    about = (
        f"PyTorch script of {run.name}, which needs RegLab no more; reglab export {run.id} --to {_SCRIPT} --out FOLDER "
        f"writes it with its images and initial weights.{notes}"
    )
    return Listing(about, script.files[script.main].decode(), folded=True)
