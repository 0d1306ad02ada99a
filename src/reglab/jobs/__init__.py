"""Jobs: who trains a run, when, and how its events reach the store."""

from __future__ import annotations

from reglab.jobs.result import result
from reglab.jobs.threads import ThreadRunner
from reglab.jobs.work import Worker

__all__ = ["ThreadRunner", "Worker", "result"]
