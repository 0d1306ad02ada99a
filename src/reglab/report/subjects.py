"""What a report is about: runs and sweeps that have ended, found by id or name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reglab.content.run_text import count_of
from reglab.errors import RegLabError, clipped
from reglab.states import ACTIVE
from reglab.store import Run, Store, Sweep

MOST = 50
"""Runs and sweeps of one report."""


class ReportError(RegLabError):
    """No report can be made of these runs or sweeps (yet)."""


@dataclass(frozen=True)
class Subjects:
    """Ended runs and sweeps with at least one epoch, in the order in which they were named."""

    runs: tuple[Run, ...]
    sweeps: tuple[Sweep, ...]

    @classmethod
    def of(cls, jobs: Sequence[Run | Sweep]) -> Subjects:
        """The subjects of a report, each once.

        :raises ReportError: there are none or too many, one still trains, or one has no epoch.
        """
        found = list({job.id: job for job in jobs}.values())
        if not found:
            raise ReportError("There is nothing to report: name at least one run or sweep.")
        if len(found) > MOST:
            raise ReportError(f"A report has at most {MOST} runs and sweeps, not {len(found)}; make several.")
        for job in found:
            if reason := why_not(job):
                raise ReportError(reason)
        runs = tuple(job for job in found if isinstance(job, Run))
        return cls(runs, tuple(job for job in found if isinstance(job, Sweep)))

    @property
    def title(self) -> str:
        """The name of the only run or sweep, or how many there are: "12 runs and 1 sweep"."""
        names = [run.name for run in self.runs] + [sweep.name for sweep in self.sweeps]
        if len(names) == 1:
            return names[0]
        counts = ((len(self.runs), "run"), (len(self.sweeps), "sweep"))
        return " and ".join(count_of(number, thing) for number, thing in counts if number)


def find(store: Store, names: Sequence[str]) -> Subjects:
    """The runs and sweeps called ``names``: ids, their beginnings, or unique names.

    :raises ReportError: as :meth:`Subjects.of`; :class:`reglab.errors.UnknownRun` where there is none of that name.
    """
    return Subjects.of([store.find(name) for name in names])


def why_not(job: Run | Sweep) -> str | None:
    """Why ``job`` has no report, in one sentence; None where it has."""
    kind = "run" if isinstance(job, Run) else "sweep"
    named = f"The {kind} “{clipped(job.name)}” ({job.id})"
    if job.state in ACTIVE:
        begun = f"epoch {job.epoch} of {job.epochs} is done" if job.epoch else "no epoch is done"
        return f"{named} is still {job.label}, {begun}; report it once it has ended."
    reached = job.epoch if isinstance(job, Run) else job.highest
    return None if reached else f"{named} ended before its first epoch, so there is nothing to report of it."
