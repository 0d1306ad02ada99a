"""Decoding of many images on all cores, in processes: for small files, threads wait for the interpreter.

A process gets encoded images through a pipe, writes their pixels into the spool, and answers with what it has seen. It
ends with this process, also where that is killed: its input ends then.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass

from reglab.errors import DataError
from reglab.imports.decoding import Target, decode, quiet
from reglab.imports.frames import received, send
from reglab.imports.spool import Spool, put
from reglab.imports.tree import At, BadFile, Data, content
from reglab.machine import available_cores

FROM = 1_000
"""Images from which processes pay: one takes 0.15 s to start."""

_MOST = 8


@dataclass(frozen=True, eq=False)
class Batch:
    """Encoded images, or the reasons why there are none, for the slots from ``first`` on."""

    first: int
    names: Sequence[str]
    data: Sequence[Data]


@dataclass(frozen=True)
class Seen:
    """Of one image: what is remarkable about it, and the digest of its pixels; ``fault`` where it cannot be used."""

    fault: str | None
    width: int = 0
    height: int = 0
    marks: int = 0
    digest: str = ""


def decoded(batches: Iterator[Batch], spool: Spool, total: int) -> Iterator[tuple[Batch, list[Seen]]]:
    """What was seen of each batch, in any order; the pixels are in ``spool``."""
    count = min(available_cores(), _MOST)
    if total < FROM or count < 2 or sys.platform == "win32":
        yield from ((batch, look(batch, spool.target, spool.file.fileno())) for batch in batches)
        return
    with _processes(spool, count) as processes:
        yield from _shared_out(batches, processes)


def look(batch: Batch, target: Target, descriptor: int) -> list[Seen]:
    """Decode a batch into the spool behind ``descriptor``."""
    with quiet():
        return [
            _look(data, name, target, descriptor, batch.first + number)
            for number, (name, data) in enumerate(zip(batch.names, batch.data, strict=True))
        ]


def _look(data: Data, name: str, target: Target, descriptor: int, slot: int) -> Seen:
    try:
        picture = decode(content(data), name, target, _Alone(descriptor))
    except BadFile as fault:
        return Seen(str(fault))
    digest = put(descriptor, target, slot, picture.pixels)
    return Seen(None, picture.width, picture.height, picture.marks, digest.hex())


@dataclass(frozen=True)
class _Alone:
    """One process at a time is in this block: the lock is on the spool, which all of them have open."""

    descriptor: int

    def __enter__(self) -> None:
        self._lock("F_LOCK")

    def __exit__(self, *_: object) -> None:
        self._lock("F_ULOCK")

    def _lock(self, what: str) -> None:
        if hasattr(os, "lockf"):  # elsewhere one process decodes
            os.lseek(self.descriptor, 0, os.SEEK_SET)
            os.lockf(self.descriptor, getattr(os, what), 0)


@contextmanager
def _processes(spool: Spool, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    descriptor = spool.file.fileno()
    command = [sys.executable, "-m", "reglab.imports.decoders", str(descriptor), json.dumps(asdict(spool.target))]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=(descriptor,))
        for _ in range(count)
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):  # what was on its way when the process was killed
                        pipe.close()


def _shared_out(
    batches: Iterator[Batch], processes: Sequence[subprocess.Popen[bytes]]
) -> Iterator[tuple[Batch, list[Seen]]]:
    """One thread a process takes the next batch when the one before is on its way."""
    results: queue.Queue[tuple[Batch, list[Seen]] | BaseException | None] = queue.Queue()
    turn = threading.Lock()
    threads = [threading.Thread(target=_attend, args=(batches, turn, one, results)) for one in processes]
    for thread in threads:
        thread.start()
    try:
        ended = 0
        while ended < len(threads):
            result = results.get()
            if isinstance(result, (EOFError, BrokenPipeError)):
                raise DataError("A process that decodes images was ended, perhaps for want of memory; try again.")
            if isinstance(result, BaseException):
                raise result
            if result is None:
                ended += 1
            else:
                yield result
    finally:
        for process in processes:
            process.kill()  # a thread that waits for it goes on
        for thread in threads:
            thread.join()


def _attend(
    batches: Iterator[Batch],
    turn: threading.Lock,
    process: subprocess.Popen[bytes],
    results: queue.Queue[tuple[Batch, list[Seen]] | BaseException | None],
) -> None:
    under_way: Batch | None = None
    try:
        while True:
            with turn:
                batch = next(batches, None)
            if batch is not None:
                send(process.stdin, [batch.first, list(batch.names), _described(batch.data)], batch.data)
            if under_way is not None:
                answer, _ = received(process.stdout)
                results.put((under_way, [Seen(*each) for each in answer]))
            if batch is None:
                break
            under_way = batch
        results.put(None)
    except BaseException as error:  # it is raised where the results are awaited
        results.put(error)


def _described(data: Sequence[Data]) -> list[int | str | tuple[str, int]]:
    """Bytes as their number, which follow the message; what is on the disk as its name and most bytes."""
    return [
        len(each) if isinstance(each, bytes) else (each.path, each.most) if isinstance(each, At) else each
        for each in data
    ]


def _serve(descriptor: int, target: Target) -> None:
    """The process: decode batches until the input ends."""
    while True:
        try:
            (first, names, described), blob = received(sys.stdin.buffer)
        except EOFError:
            return
        data: list[Data] = []
        at = 0
        for each in described:
            if isinstance(each, int):
                data.append(blob[at : at + each])
                at += each
            else:
                data.append(each if isinstance(each, str) else At(*each))
        seen = look(Batch(first, names, data), target, descriptor)
        send(sys.stdout.buffer, [[s.fault, s.width, s.height, s.marks, s.digest] for s in seen])


if __name__ == "__main__":
    _serve(int(sys.argv[1]), Target(**json.loads(sys.argv[2])))
