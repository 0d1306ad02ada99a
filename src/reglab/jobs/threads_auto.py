"""The intra-op threads of a run: those of its record, of the settings, or the fastest on the cores that are free."""

from __future__ import annotations

import torch

from reglab.datasets import Progress
from reglab.jobs.timing_file import TimingFile
from reglab.machine import available_cores, processor
from reglab.settings import Settings
from reglab.store import Run, Store
from reglab.training.thread_choice import fastest_threads


def threads_of(run: Run, store: Store, settings: Settings, report: Progress) -> int:
    """Those of the run's earlier work, whose bits depend on them; else those of ``REGLAB_THREADS``.

    With auto, those of the run that this one repeats, or the number that a short timing finds fastest, out of
    :func:`free_cores`.
    """
    if (known := run.threads or settings.threads or repeated(run, store)) is not None:
        return known
    most = free_cores(run, store, settings)
    memory = TimingFile(settings.home)
    return fastest_threads(
        run.spec, most=most, device=settings.device, folder=settings.data, memory=memory, report=report
    )


def repeated(run: Run, store: Store) -> int | None:
    """Those of the newest run of the same spec that was trained alone on this kind of CPU, to the same bits then."""
    here = {"cpu": processor(), "cpu_capability": torch.backends.cpu.get_cpu_capability(), "advance": "alone"}
    alike = (other for other in store.repeats_of(run) if here.items() <= (other.environment or {}).items())
    return next((other.threads for other in alike), None)


def free_cores(run: Run, store: Store, settings: Settings) -> int:
    """Cores for a run that begins: an equal share among what trains or will, and none that another run has taken.

    min(cores // n, cores − Σ threads of the other runs), at least 1, where n counts the runs of the store that train
    and those that wait for one of the slots. A sweep takes every core that it finds, so beside one a run has one.
    """
    others = [other for other in store.runs(states=["running"]) if other.id != run.id]
    if any(other.sweep for other in others) or store.waiting("sweep"):
        return 1
    cores, taken = available_cores(), sum(other.threads or 1 for other in others)
    beside = min(settings.slots, 1 + len(others) + len(store.waiting()))
    return max(1, min(cores // max(1, beside), cores - taken))
