"""One worker, as the server sees it: what it is asked to do, what it says, and how it came to its end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import BinaryIO, cast

from reglab.errors import StoreUnavailable, WorkerLost
from reglab.jobs.messages import Message, Sender, error_of, received, settings_facts
from reglab.jobs.noise import NoiseAnswer, NoiseRequest, noise_answer_of
from reglab.jobs.patience import Outages
from reglab.jobs.predicting import Answer, PredictionRequest, answer_of, request_facts
from reglab.jobs.work import Halt, Halted
from reglab.settings import Settings, checkout

_CAUSES = {
    9: "was killed (signal 9), for instance because memory ran out",
    11: "crashed with a segmentation fault (signal 11)",
    6: "aborted (signal 6)",
}

ARGUMENTS = ("-P", "-m", "reglab.jobs.worker_process")
"""What Python is given to be a worker process."""


class WorkerHandle(ABC):
    """A worker process. A thread of the server drives it: it sends a job and reads messages until the job is over."""

    def __init__(self, device: str, outages: Outages) -> None:
        self._outages, self._noted, self.device = outages, set[str](), device
        self.idle_since, self.busy, self.ready, self._told_to_close = time.monotonic(), True, False, False

    @abstractmethod
    def send(self, **message: object) -> bool:
        """Send a message; False where the process is known to be gone."""

    @abstractmethod
    def _received(self) -> Iterator[Message]:
        """The messages of the process until it is gone."""

    @property
    @abstractmethod
    def alive(self) -> bool:
        """Whether the process runs."""

    @property
    @abstractmethod
    def pid(self) -> int:
        """The number of the process on its machine."""

    @abstractmethod
    def kill(self) -> None:
        """End the process at once."""

    @abstractmethod
    def end(self, timeout: float) -> None:
        """Wait until the process is gone; kill it after ``timeout`` seconds."""

    @abstractmethod
    def _cause(self) -> str:
        """How the process, which is gone, ended; "… was killed"."""

    def wait(self, wanted: Callable[[], Halt | None] = lambda: None) -> None:
        """Wait until the process is ready.

        :raises RegLabError: it cannot open the store, or ended.
        :raises Halted: ``wanted()`` meanwhile, where a start can take long.
        """
        for _ in self.messages():
            self.busy, self.ready = False, True
            return
        raise WorkerLost(f"A worker process could not be started: it {self._cause()}.")

    def messages(self) -> Iterator[Message]:
        """The messages of the process until it is gone. Errors are raised, outages noted."""
        for message in self._received():
            if "outage" in message:
                self._note(message["outage"], message["sentence"])
                continue
            self.busy = self.busy and not message.keys() & {"over", "halted", "error"}
            if "error" in message:
                raise error_of(message)
            if "halted" in message:
                raise Halted(message["halted"])
            yield message
        for what in list(self._noted):
            self._note(what, None)

    def lost(self, what: str) -> WorkerLost:
        """The error that the process ended while it trained ``what``."""
        cause = self._cause()
        return WorkerLost(
            f"The worker process that trained {what} {cause}; resume it to go on from its last checkpoint."
        )

    def train(self, run_id: str) -> None:
        """Train a run to its end, which the process records."""
        self._begin(do="train", id=run_id, device=self.device)
        if not any("over" in message for message in self.messages()):
            raise self.lost("this run")

    def plan(self, sweep_id: str) -> None:
        """Have a sweep planned, and the plan recorded."""
        self._begin(do="plan", id=sweep_id, device=self.device)
        if not any("over" in message for message in self.messages()):
            raise WorkerLost(f"The worker process that planned this sweep {self._cause()}; resume it to try again.")

    def predict(self, request: PredictionRequest) -> Answer:
        """Have the process predict."""
        return answer_of(self._predicted(do="predict", request=request_facts(request)))

    def classify_noisy(self, request: NoiseRequest) -> NoiseAnswer:
        """Have the process classify noisy images."""
        return noise_answer_of(self._predicted(do="noise", request=asdict(request)))

    def _predicted(self, **message: object) -> Message:
        self._begin(**message, device=self.device)
        for answer in self.messages():
            if "over" in answer:
                found: Message = answer["predicted"]
                return found
        raise WorkerLost(f"The worker process that predicted {self._cause()}; try again.")

    def sweep(self, sweep_id: str, together: int, seconds: float) -> None:
        """Begin to train groups of a sweep, up to ``together`` at a time; ``seconds`` were spent on it before."""
        self._begin(do="sweep", id=sweep_id, together=together, seconds=seconds, device=self.device)

    def close(self) -> None:
        """Have the process checkpoint what it trains, and leave."""
        self._told_to_close = True
        self.send(do="close")

    def _begin(self, **message: object) -> None:
        self.busy = True
        self.send(**message)

    def _cause_of(self, status: int) -> str:
        """How a process ended with this exit status, negative for a signal."""
        if self._told_to_close and status == -9:
            return "did not leave in time and was killed"
        if status >= 0:
            return f"ended with exit status {status} (the log has the details)"
        return _CAUSES.get(-status, f"was ended by signal {-status}")

    def _note(self, what: str, sentence: str | None) -> None:
        if sentence is None:
            self._noted.discard(what)
            self._outages.end(what)
        else:
            self._noted.add(what)
            self._outages.begin(what, StoreUnavailable(sentence))


class WorkerProcess(WorkerHandle):
    """A worker process of this machine, over its standard input and output."""

    def __init__(self, settings: Settings, owner: str, outages: Outages) -> None:
        """Start the process; :meth:`wait` until it is ready."""
        super().__init__(settings.device, outages)
        try:
            self._process = subprocess.Popen(
                [sys.executable, *ARGUMENTS],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment(),
                # What a terminal sends to the server is for the server. The session stays the same: Linux weighs
                # sessions against each other, and niceness within one only (sched(7), autogroup).
                process_group=0,
            )
        except OSError as error:
            raise WorkerLost(f"A worker process could not be started: {os.strerror(error.errno or 0)}.") from None
        self._stdout = cast("BinaryIO", self._process.stdout)
        self._sender = Sender(cast("BinaryIO", self._process.stdin))
        self.send(do="open", settings=settings_facts(settings), owner=owner)

    def send(self, **message: object) -> bool:
        return self._sender(**message)

    def _received(self) -> Iterator[Message]:
        return received(self._stdout)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        self._process.kill()

    def end(self, timeout: float) -> None:
        try:
            self._process.wait(max(0.0, timeout))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdin, self._stdout):
            with suppress(OSError):  # what could not be sent any more
                cast("BinaryIO", stream).close()

    def _cause(self) -> str:
        return self._cause_of(self._process.wait())


def environment() -> dict[str, str]:
    """This process's, with the checkout from which RegLab is imported."""
    root = checkout()
    if root is None:
        return dict(os.environ)
    paths = [str(root / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
