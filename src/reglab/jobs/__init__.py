"""Jobs: who trains a run or a sweep, when, and how their events reach the store."""

from __future__ import annotations

from reglab.jobs.capacity import check_run, check_sweep
from reglab.jobs.labels import chance_of, chance_of_run, data_remarks
from reglab.jobs.result import result, unreadable_result
from reglab.jobs.sweep_plan import Plan
from reglab.jobs.sweep_result import sweep_result
from reglab.jobs.sweep_work import SweepWorker
from reglab.jobs.threads import ThreadRunner
from reglab.jobs.work import Worker

__all__ = [
    "Plan",
    "SweepWorker",
    "ThreadRunner",
    "Worker",
    "chance_of",
    "chance_of_run",
    "check_run",
    "check_sweep",
    "data_remarks",
    "result",
    "sweep_result",
    "unreadable_result",
]
