"""Whether a run or sweep fits on this machine: memory while it trains, and files on the disk."""

from __future__ import annotations

import shutil

from reglab.datasets import check_class_sizes
from reglab.errors import SpecError
from reglab.models import MODELS
from reglab.number_format import gib
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.sweep import SweepSpec
from reglab.training import LaneSize, check, free_memory, lane_size, oversize


def check_run(spec: RunSpec, settings: Settings) -> LaneSize:
    """The size of the run.

    :raises SpecError: the spec cannot be trained, not with the images that are here, or memory or disk are too small;
        with an estimate.
    """
    check(spec)
    check_class_sizes(spec.data, settings.data)
    size = lane_size(spec)
    _check_memory("This run", spec, size, settings)
    _check_disk("this run", "a smaller CNN", size.weights * 3 + size.checkpoint * 2, settings)
    return size


def check_sweep(spec: SweepSpec, settings: Settings) -> LaneSize:
    """The size of the largest run of the sweep.

    :raises SpecError: as :func:`check_run`, for the largest need among the runs, and for all their files.
    """
    runs = {(spec.structure(lane.point), lane.repeat): lane.run for lane in spec.lanes()}
    for run in runs.values():
        check(run)
    for data in {run.data.model_dump_json(): run.data for run in runs.values() if run.data.uneven}.values():
        check_class_sizes(data, settings.data)
    alone = {structure: run for (structure, _), run in runs.items()}
    size, largest = max(((lane_size(run), run) for run in alone.values()), key=lambda pair: pair[0].memory)
    _check_memory("One run of this sweep", largest, size, settings)
    files = spec.size * (2 * size.weights + 2 * size.checkpoint) + spec.repeats * size.weights
    _check_disk(f"{spec.size:,} runs", "fewer λ, fewer repeats or a smaller CNN", files, settings)
    return size


def _check_memory(what: str, spec: RunSpec, size: LaneSize, settings: Settings) -> None:
    if settings.on_ray:  # the memory of nodes counts, and new ones may join
        return
    free = free_memory(settings.device)
    if size.memory > free:
        needs = f"{what} needs about {gib(size.memory)} of memory, and {gib(free)} is available"
        large = oversize(spec)
        raise SpecError(f"{needs}; {large.remedy if large else 'choose a smaller CNN or batch'}.")


def size_remark(spec: RunSpec) -> str | None:
    """How large the network of ``spec`` is and what to set, where one dense layer is beyond what is usual."""
    large = oversize(spec)
    return f"{large.about[:-1]}; {large.remedy} for a smaller one." if large else None


def _check_disk(whose: str, smaller: str, needed: int, settings: Settings) -> None:
    """Initial, last and best weights, and two generations of each checkpoint."""
    if settings.files_url is not None:
        return
    home = settings.files_folder
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if needed > free:
        needs = f"The weights and checkpoints of {whose} need about {gib(needed)} on the disk, and {gib(free)} is free"
        raise SpecError(f"{needs}; choose {smaller}.")


def out_of_memory_sentence(spec: RunSpec, settings: Settings) -> str:
    """The message that memory ran out while ``spec`` trained, with the memory that it needs."""
    needed, free = lane_size(spec).memory, free_memory(settings.device)
    fewer = ", or train fewer runs at once" if needed <= free else ""  # the data and other runs took the rest
    return (
        f"There is not enough memory for this run: {MODELS.get(spec.model.name).label} with batches of "
        f"{spec.train.batch_size:,} images needs about {gib(needed)} besides the data, and {gib(free)} is available; "
        f"choose a smaller batch, CNN or data set{fewer}."
    )
