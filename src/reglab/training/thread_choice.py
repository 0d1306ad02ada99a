"""How many intra-op threads make a step fastest, by a short timing on a copy of the run's network and a few batches.

More threads share the work of each operation, and each operation waits for all of them: large convolutions gain, small
ones lose, and where other programs keep the cores busy every operation waits for the slowest. The number is recorded
with the run, because it changes the order of additions and so the last bits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from statistics import median

import torch
import torch.nn.functional as F

from reglab.datasets import DATASETS, Progress, check_data, prepare
from reglab.datasets.dataset import silent
from reglab.errors import SpecError
from reglab.spec import DataSpec, RunSpec
from reglab.training.arrays import place
from reglab.training.autotune import Memory, Times, Timings
from reglab.training.devices import choose_device, use_threads
from reglab.training.lane import Lane
from reglab.training.optimizer_step import clear_gradients
from reglab.training.shape_key import shape_key

_LONG = 0.2  # seconds of all timings together
_HEAVY = 0.1  # seconds of a step on one thread from which it takes all of them: its operations take milliseconds
_TINY = 0.5e-3  # seconds of a step on one thread below which no other number is tried: its operations take microseconds
_GAIN = 0.95  # more threads must take less than this share of the time of fewer
_UNDISTURBED = 0.75  # share of the cores in use that this process has, where no other program takes them
_BATCHES = 4  # of the copy
_FEW = 2  # images, by which the seconds of a step are foreseen


def fastest_threads(
    spec: RunSpec, *, most: int, device: str, folder: Path, memory: Memory | None = None, report: Progress = silent
) -> int:
    """The number of intra-op threads, a power of 2 or ``most``, with the fastest optimizer step on a CPU; 1 on a GPU.

    It takes 0.3 s, besides making the copy. A step of more than 0.1 s on one thread, foreseen from steps on a few
    images, is not timed and takes ``most``. What is in ``memory``, by
    :func:`reglab.training.shape_key.shape_key`, is not timed again; what is timed while no other program is busy is
    added. Neither the run's generators nor the calling thread's number of threads change.
    """
    at = choose_device(device)
    if most == 1 or at.type != "cpu":
        return 1
    numbers, before = numbers_up_to(most), use_threads(None)
    trial = Trial(spec, at, folder, report, _LONG / len(numbers), {} if memory is None else memory)
    try:
        return _fastest(numbers, trial.seconds)
    except _BusyError:
        return 1
    finally:
        use_threads(before)


def numbers_up_to(most: int) -> list[int]:
    """Powers of 2 below ``most``, and ``most``."""
    return [*(2**i for i in range((most - 1).bit_length())), most]


def _fastest(numbers: Sequence[int], seconds: Callable[[int], float]) -> int:
    """The smallest of ``numbers``, ascending from 1, that is about as fast as any: they are tried while they gain."""
    best, fastest = numbers[0], seconds(numbers[0])
    if fastest < _TINY:
        return best
    if fastest > _HEAVY:
        return numbers[-1]
    for number in numbers[1:]:
        now = seconds(number)
        if now > fastest:
            break
        if now < _GAIN * fastest:
            best, fastest = number, now
    return best


class _BusyError(Exception):
    """Other programs take the cores: waiting for them, more threads would take longer than one."""


@dataclass(frozen=True)
class Trial:
    """Times the step of a copy of the run; each number of threads for ``long`` seconds."""

    spec: RunSpec
    device: torch.device
    folder: Path
    report: Progress
    long: float
    memory: Memory

    def seconds(self, threads: int) -> float:
        """Seconds of a step; :class:`_BusyError` where one thread does not get a core."""
        key = f"step on {threads}: {self._shape}"
        if (known := self.memory.get(key)) is not None:
            return Timings.of(known).alone.step
        use_threads(threads)
        seconds, cores = self._time()
        if cores > _UNDISTURBED * threads:
            self.memory[key] = Timings(Times(seconds, 0.0)).facts()
        elif threads == 1:
            raise _BusyError
        return seconds

    def _time(self) -> tuple[float, float]:
        """The median time of a step after one warm-up, or the one foreseen if it is heavy; and the cores in use."""
        times: list[float] = []
        lane = self.lane
        began, used = time.perf_counter(), time.process_time()
        heavy = use_threads(None) == 1 and (foreseen := foresee(lane)) > _HEAVY
        start = time.perf_counter()
        while not heavy and (not times or time.perf_counter() - start < self.long):
            times.append(_seconds(partial(take_step, lane)))
        wall = time.perf_counter() - began
        return foreseen if heavy else median(times[1:] or times), (time.process_time() - used) / wall

    @cached_property
    def _shape(self) -> str:
        return shape_key([self.spec], self.device, 0)

    @cached_property
    def lane(self) -> Lane:
        """The copy of the run."""
        try:
            split = prepare(few_images(self.spec), self.folder, self.report)
        except SpecError:  # of few images, some specs leave no validation image of each class
            split = prepare(self.spec.data, self.folder, self.report)
        arrays = place(split, self.spec.train.seed, self.spec.train.precision, self.device)
        lane = Lane(0, self.spec, arrays, split.shape, len(split.classes))
        lane.model.train()
        return lane


def foresee(lane: Lane) -> float:
    """About the seconds of a step, linear in the number of images: by those of a few and of twice as many."""
    batch = lane.spec.train.batch_size
    one, two = (_seconds_of(lane, min(number, batch)) for number in (_FEW, 2 * _FEW))
    return two + max(0, batch - 2 * _FEW) * max(0.0, two - one) / _FEW


def _seconds_of(lane: Lane, number: int) -> float:
    """Seconds of gradients on so many images, after one warm-up: the libraries prepare themselves for each number."""
    images, labels = lane.arrays.train.images[:number], lane.arrays.train.labels[:number]

    def gradients() -> None:
        F.cross_entropy(lane.model(images), labels).backward()  # type: ignore[no-untyped-call]
        clear_gradients(lane.optimizer)

    gradients()
    return _seconds(gradients)


def _seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def take_step(lane: Lane) -> None:
    """A step, which begins the epoch again at its end."""
    if lane.at.step >= lane.steps:
        lane.at.step = 0
    lane.step()


def few_images(spec: RunSpec) -> DataSpec:
    """A few batches of the run's images; not those of its fold, as the time does not depend on them.

    :raises SpecError: the data set has too few for that.
    """
    even = {"train_share": None, "train_balance": "stratified", "imbalance": 1.0}
    update = {"train_size": None, **even, "folds": None, "fold": 0}
    update |= {"val_fraction": 0.1} if spec.data.folds else {}
    whole = spec.data.model_copy(update=update)
    classes, most = len(DATASETS.get(spec.data.name).classes), min(check_data(spec.data).train, check_data(whole).left)
    few = min(most, max(_BATCHES * spec.train.batch_size, classes))
    return whole.model_copy(update={"train_size": few, "val_size": classes})
