"""kill −9 of worker processes and servers at random moments: how many runs and sweeps resume to the same bits.

``python -m tests.benchmarks.kill_processes [WORKERS] [SERVERS]`` kills so many of each, 50 unless given, and prints a
line each. Every other job is a sweep of four lanes, one a group; the others are single runs. The moment is uniform over
the time that the job takes undisturbed.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.jobs.processes import LONG, ONE_BY_ONE, SWEEP, process_settings, server, wait_until_gone, workers_of
from tests.jobs.running import wait_until, work
from tests.jobs.sweeping import train_sweep

from reglab.jobs import Runner
from reglab.settings import Settings
from reglab.states import ACTIVE
from reglab.store import Run, Store, open_store

Hashes = list[str | None]


class Jobs:
    """Makes jobs, and compares them with undisturbed ones trained in this process."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store, self.chance = store, random.Random(0)
        began = time.monotonic()
        self.expected: tuple[Hashes, Hashes] = (
            [work(store, settings, LONG).weights_sha256],
            self.hashes(train_sweep(store, settings, SWEEP, ONE_BY_ONE).id),
        )
        self.seconds = (time.monotonic() - began) / 2

    def new(self, number: int) -> str:
        """A queued run, or a sweep with its plan."""
        if number % 2 == 0:
            return self.store.create(LONG).id
        sweep = self.store.create(SWEEP)
        self.store.set_plan(sweep.id, ONE_BY_ONE.facts())
        return sweep.id

    def hashes(self, job_id: str) -> Hashes:
        """The hash of the weights of every run of the job."""
        found = self.store.find(job_id)
        runs = [found] if isinstance(found, Run) else self.store.sweep_runs(job_id)
        return [run.weights_sha256 for run in runs]

    def moment(self, job_id: str) -> None:
        """Wait for a random moment after the job has begun."""
        wait_until(lambda: self.store.find(job_id).state != "queued", "the job to begin")
        time.sleep(self.chance.random() * self.seconds)

    def ended(self, job_id: str) -> str:
        """The state in which the job ends."""
        wait_until(lambda: self.store.find(job_id).state not in ACTIVE, f"{job_id} to end", 120)
        return self.store.find(job_id).state

    def same(self, number: int, job_id: str) -> bool:
        """Whether the job has finished with the expected weights."""
        return self.ended(job_id) == "finished" and self.hashes(job_id) == self.expected[number % 2]


def kill_workers(jobs: Jobs, settings: Settings, times: int) -> int:
    """Kill a worker of one server at a time; how many jobs came out the same."""
    same = 0
    with closing(Runner(jobs.store, settings)) as runner:
        for number in range(times):
            job_id = jobs.new(number)
            jobs.moment(job_id)
            if workers := workers_of(os.getpid()):
                os.kill(jobs.chance.choice(workers), signal.SIGKILL)
            state = jobs.ended(job_id)
            if state != "finished":
                runner.resume(job_id)
            same += jobs.same(number, job_id)
            print(f"worker {number + 1}: {state}; {same} of {number + 1} with the same bits", flush=True)
    return same


def kill_servers(jobs: Jobs, settings: Settings, times: int) -> int:
    """Kill server after server; the next one resumes what the last one trained."""
    same, left, state = 0, "", ""
    for number in range(times + 1):
        with server(settings.home) as process:
            if left:
                same += jobs.same(number - 1, left)
                print(f"server {number}: {state}; {same} of {number} with the same bits", flush=True)
            if number == times:
                break
            left = jobs.new(number)
            jobs.moment(left)
            workers = workers_of(process.pid)
            process.kill()
        wait_until_gone(workers)
        jobs.store.recover()
        state = jobs.ended(left)
        if state != "finished":
            jobs.store.requeue(left)
    return same


def main() -> None:
    """Both, with as many kills as the command line says."""
    workers, servers = (int(text) for text in (sys.argv[1:] + ["50", "50"][len(sys.argv) - 1 :])[:2])
    with TemporaryDirectory() as folder:
        settings = process_settings(Path(folder) / "home")
        with open_store(settings) as store:
            jobs = Jobs(store, settings)
            found = kill_workers(jobs, settings, workers), kill_servers(jobs, settings, servers)
    print(f"kill -9: {found[0]} of {workers} workers, {found[1]} of {servers} servers resumed to the same bits")


if __name__ == "__main__":
    main()
