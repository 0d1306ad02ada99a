"""The files of one run, or of one part of a sweep: two generations of its checkpoint, weights, and predictions.

The first checkpoint of a run, and the one from which a finished run can be extended, are without their weights, which
lie in files of their own: the fact "elsewhere" has their path and SHA-256 under the beginning of the names that they
have in the checkpoint.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from reglab.errors import CheckpointError, StoreError, StoreUnavailable, shown
from reglab.events import Checkpoint
from reglab.predictions import EpochScores, ValScores, Which
from reglab.store import arrays, atomic, prediction_file
from reglab.store.prediction_file import Layout
from reglab.store.remote_files import Files, files_in
from reglab.store.sentences import disk_error, disk_sentence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

log = logging.getLogger(__name__)

_LEAST_FREE = 2**20  # bytes
NEWEST, PREVIOUS = "checkpoint.safetensors", "checkpoint.previous.safetensors"
LAST, BEST, INITIAL = "weights", "best", "initial"  # names of weights
TEST = "test"  # name of the file with a run's TestScores
Place: TypeAlias = tuple[str, str]
"""Path, relative to the home, and SHA-256 of a file of weights."""

ELSEWHERE = "elsewhere"  # fact of a checkpoint
_HERE = Files()
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def check_id(run_id: str) -> None:
    """Raise :class:`StoreError` where ``run_id`` could lead out of the home as the name of a folder."""
    if not is_plain(run_id):
        raise StoreError(f"{shown(run_id)} is not a run id.")


def is_plain(run_id: str) -> bool:
    """Whether ``run_id`` can be the name of a folder in the home."""
    return _PLAIN.fullmatch(run_id) is not None


class RunFiles:
    """The folder ``home/<run id>/``, or ``home/<sweep id>/<part>/``; it appears with the first file."""

    def __init__(
        self,
        home: Path,
        run_id: str,
        flush: Callable[[], None] | None = None,
        *,
        part: int | None = None,
        barred: str | None = None,
    ) -> None:
        """``flush`` brings what the store has of the run to the disk, so that no checkpoint is ever ahead of it.

        ``barred`` is the sentence why nothing may be written; every write then raises it as :class:`StoreError`.
        """
        check_id(run_id)
        self.barred = barred
        self.id, self.home, self.folder, self._flush = run_id, home, home / run_id, flush
        if part is not None:
            self.folder /= f"{part:d}"

    @cached_property
    def place(self) -> Files:
        """Where the files lie that others see."""
        return files_in(self.home)

    @property
    def has_checkpoint(self) -> bool:
        """Whether a checkpoint of either generation is there (it may still prove damaged)."""
        return any(self.place.there(self.folder / name) for name in (NEWEST, PREVIOUS))

    @property
    def size(self) -> int:
        """Bytes of all files of the run."""
        return sum(path.stat().st_size for path in self.folder.glob("*") if path.is_file())

    @property
    def trouble(self) -> str | None:
        """Why nothing in the folder can be read, as a clause: it is gone, or its rights forbid it."""
        if self.place.url is not None:
            return None  # there is no telling without a look at each file
        try:
            with os.scandir(self.folder):
                return None
        except FileNotFoundError:
            return f"the folder {self.folder} is gone"
        except OSError as error:
            return f"the folder {self.folder} cannot be read ({(error.strerror or str(error)).lower()})"

    @property
    def second_checkpoint(self) -> int:
        """Bytes of the checkpoint's second generation, where the first is there too; else 0."""
        previous = self.folder / PREVIOUS
        both = self.place.there(self.folder / NEWEST) and self.place.there(previous)
        return self.place.size(previous) if both else 0

    def drop_second_checkpoint(self) -> int:
        """Remove the checkpoint's second generation, where the first is there too; the bytes that this frees."""
        self._check_writable()
        size = 0
        try:
            with self.place.held(self.folder / NEWEST):  # while another process sends one, the second may be the only
                size = self.second_checkpoint
                if size:
                    self.place.remove(self.folder / PREVIOUS)
        except OSError as error:
            log.warning("%s", disk_sentence(self.folder / PREVIOUS, error))
            return 0
        return size

    def save_checkpoint(self, checkpoint: Checkpoint, elsewhere: Mapping[str, Place] = {}) -> None:
        """Keep ``checkpoint``; the one before it stays until this one is whole, and as the second generation after.

        ``elsewhere``: beginning of names in ``checkpoint`` → the file with these arrays, which are not written again.

        :raises StoreError: the disk is full or the folder may not be written; the earlier checkpoints are untouched.
        """
        self._check_writable()
        if self._flush is not None:
            self._flush()
        data = arrays.encode_checkpoint(_without(checkpoint, elsewhere) if elsewhere else checkpoint)
        self._make_folder()
        with self.place.held(self.folder / NEWEST):
            atomic.write(self.folder / NEWEST, data, keep_as=self.folder / PREVIOUS)
            self.place.put(self.folder / NEWEST, keep_as=self.folder / PREVIOUS)

    def load_checkpoint(self) -> Checkpoint | None:
        """The newest whole checkpoint, or None if there never was one.

        :raises CheckpointError: files are there, but all are damaged.
        """
        found = False
        for name in (NEWEST, PREVIOUS):
            try:
                return self._whole(arrays.decode_checkpoint(self.place.fetch(self.folder / name).read_bytes()))
            except FileNotFoundError:
                continue
            except (CheckpointError, MemoryError):
                found = True
            except OSError as error:
                raise disk_error(self.folder / name, error) from None
        if found:
            raise CheckpointError(
                f"Every checkpoint in {self.folder} is damaged; the run cannot be resumed, duplicate it to train again."
            )
        return None

    def save_end(self, checkpoint: Checkpoint, weights: Mapping[str, RunFiles], known: Mapping[str, str] = {}) -> None:
        """Keep what going on from the end needs, without what the last and best weights of runs already have.

        ``weights``: beginning of the run's names in ``checkpoint`` ("" for a run alone) → the run's files; ``known``:
        the SHA-256 of files, by path, that need not be read for it.
        """
        elsewhere = {}
        for prefix, files in weights.items():
            for own, name in (("model/", LAST), ("best/", BEST)):
                if any(key.startswith(prefix + own) for key in checkpoint.arrays):
                    path = files.named(name)
                    sha256 = known.get(path) or hashlib.sha256(files.find(path).read_bytes()).hexdigest()
                    elsewhere[prefix + own] = (path, sha256)
        self.save_checkpoint(checkpoint, elsewhere)
        self.drop_second_checkpoint()

    def _whole(self, checkpoint: Checkpoint) -> Checkpoint:
        """``checkpoint`` with the weights that lie in files of their own."""
        facts, found = dict(checkpoint.facts), dict(checkpoint.arrays)
        for prefix, (path, sha256) in facts.pop(ELSEWHERE, {}).items():
            data = self.find(path).read_bytes()
            if hashlib.sha256(data).hexdigest() != sha256:
                raise CheckpointError(f"The weights {path} are not those that the checkpoint goes with.")
            found |= {prefix + name: array for name, array in arrays.decode(data).items()}
        return Checkpoint(found, facts)

    @property
    def is_end(self) -> bool:
        """Whether the newest checkpoint is one of :meth:`save_end`, which needs the weights beside it."""
        try:
            data = self.place.fetch(self.folder / NEWEST).read_bytes()
            elsewhere = arrays.decode_checkpoint(data).facts.get(ELSEWHERE, {})
        except (OSError, CheckpointError):
            return False
        return any(not path.endswith(f"/{INITIAL}.safetensors") for path, _ in elsewhere.values())

    def drop_checkpoints(self) -> None:
        """Remove the checkpoints of what cannot be extended."""
        self._check_writable()
        for name in (PREVIOUS, NEWEST):
            try:
                self.place.remove(self.folder / name)
            except OSError as error:
                log.warning("%s", disk_sentence(self.folder / name, error))

    def save_predictions(
        self,
        layout: Layout,
        scores: Mapping[int, EpochScores],
        probabilities: Mapping[Which, tuple[int, NDArray[np.float32]]] = {},
    ) -> None:
        """Keep the scores of some epochs, and (epoch, class probabilities) of the last and the best one."""
        path = self.folder / prediction_file.NAME
        self._make_folder()
        self.place.fetch(path)
        with self.place.held(path):
            try:
                prediction_file.write(path, layout, scores, probabilities)
            except OSError as error:
                raise disk_error(path, error) from None
            self.place.put(path)

    def load_scores(self, epochs: int, *, so_far: bool = False) -> ValScores | None:
        """The scores of the first ``epochs`` epochs; None where they are not there, or not whole.

        ``so_far``: of those that are there.
        """
        path = self.place.fetch(self.folder / prediction_file.NAME)
        try:
            return prediction_file.read_scores(path, epochs, so_far=so_far)
        except OSError as error:
            raise disk_error(path, error) from None

    def check_predictions(self, epochs: int) -> None:
        """Raise :class:`CheckpointError` where predictions of the first ``epochs`` epochs are damaged."""
        path = self.place.fetch(self.folder / prediction_file.NAME)
        try:
            prediction_file.check(path, epochs)
        except OSError as error:
            raise disk_error(path, error) from None

    def load_probabilities(self, which: Which, epoch: int) -> NDArray[np.float32] | None:
        """Class probabilities (n, classes) of the last or best epoch, where they are those of ``epoch``."""
        path = self.place.fetch(self.folder / prediction_file.NAME)
        try:
            return prediction_file.read_probabilities(path, which, epoch)
        except OSError as error:
            raise disk_error(path, error) from None

    def save_weights(self, weights: arrays.Arrays, name: str = LAST, *, settled: bool = True) -> Place:
        """Write ``home/<run id>/<name>.safetensors``; its path relative to the home, and its file's SHA-256.

        The bytes follow from the arrays alone: equal weights make equal files. ``settled`` as in :func:`atomic.write`.
        """
        return self.save_encoded(arrays.encode_weights(weights), name, settled=settled)

    def save_encoded(self, data: bytes, name: str = LAST, *, settled: bool = True) -> Place:
        """:meth:`save_weights` of weights that are encoded."""
        path = self._weights(name)
        self._make_folder()
        with self.place.held(path):
            atomic.write(path, data, settled=settled)
            self.place.put(path)
        return path.relative_to(self.home).as_posix(), hashlib.sha256(data).hexdigest()

    def link_weights(self, path: str, name: str = LAST) -> str:
        """Have ``<name>.safetensors`` be the same file as the weights at ``path`` (relative to the home).

        That is quicker than writing equal weights again. Its path relative to the home; the hash is that of ``path``.
        """
        own = self._weights(name)
        self._make_folder()
        source = self.place.fetch(self._inside(path))
        with self.place.held(own):
            atomic.link(source, own)
            self.place.put(own)
        return own.relative_to(self.home).as_posix()

    def named(self, name: str) -> str:
        """Where ``<name>.safetensors`` is, relative to the home."""
        return self._weights(name).relative_to(self.home).as_posix()

    def has(self, name: str) -> bool:
        """Whether ``<name>.safetensors`` is there."""
        return self.place.there(self._weights(name))

    def size_of(self, name: str) -> int:
        """Bytes of ``<name>.safetensors``, which is there."""
        return self.place.size(self._weights(name))

    def load_weights(self, path: str) -> dict[str, NDArray[Any]]:
        """The arrays in ``path`` (relative to the home).

        :raises CheckpointError: the file is missing, damaged, or outside the home.
        """
        place = self.place.fetch(self._inside(path))
        try:
            return arrays.decode(place.read_bytes())
        except FileNotFoundError:
            raise CheckpointError(f"The weights {path} are missing from {self.home}.") from None
        except CheckpointError as error:
            raise CheckpointError(f"The weights {path} cannot be read: {error}") from None
        except OSError as error:
            raise disk_error(place, error) from None

    def load_array(self, path: str, name: str) -> NDArray[Any] | None:
        """The array ``name`` in ``path`` (relative to the home), without the others; None where it has none so.

        :raises CheckpointError: the file is missing, damaged, or outside the home.
        """
        place = self.find(path)
        try:
            return arrays.decode_one(place, name)
        except CheckpointError as error:
            raise CheckpointError(f"The weights {path} cannot be read: {error}") from None
        except OSError as error:
            raise disk_error(place, error) from None

    def _make_folder(self) -> None:
        """Make the run's folder, never its home: an empty one would stand where one that was moved away belongs."""
        self._check_writable()
        folders = (self.folder.parent, self.folder) if self.folder.parent != self.home else (self.folder,)
        for folder in folders:
            try:
                folder.mkdir(exist_ok=True)
            except FileNotFoundError:
                sentence = f"The folder {self.home} is no longer there; put it back, or restart RegLab."
                raise StoreUnavailable(sentence) from None
            except OSError as error:
                raise disk_error(folder, error) from None

    def _check_writable(self) -> None:
        if self.barred is not None:
            raise StoreError(self.barred)

    def _weights(self, name: str) -> Path:
        if not _PLAIN.fullmatch(name):
            raise StoreError(f"{shown(name)} cannot name a file of weights.")
        return self.folder / f"{name}.safetensors"

    def find(self, path: str) -> Path:
        """The file at ``path`` (relative to the home).

        :raises CheckpointError: it is missing, or outside the home.
        """
        place = self.place.fetch(self._inside(path))
        if not _HERE.there(place):
            raise CheckpointError(f"The weights {path} are missing from {self.home}.")
        return place

    def _inside(self, path: str) -> Path:
        place: Path | None
        try:
            place = (self.home / path).resolve()
        except (OSError, RuntimeError, ValueError):  # a loop of links, or a name that no file can have
            place = None
        if place is None or not place.is_relative_to(self.home.resolve()):
            raise CheckpointError("The place recorded for the weights is outside the folder of the runs.")
        return place


def _without(checkpoint: Checkpoint, elsewhere: Mapping[str, Place]) -> Checkpoint:
    """``checkpoint`` without the arrays that lie elsewhere, and with the fact where."""
    rest = {key: array for key, array in checkpoint.arrays.items() if not key.startswith(tuple(elsewhere))}
    return Checkpoint(rest, {**checkpoint.facts, ELSEWHERE: elsewhere})


def check_space(home: Path) -> None:
    """Raise :class:`StoreUnavailable` where the home is gone, or its disk has less than 1 MiB left."""
    try:
        free = shutil.disk_usage(home).free
    except OSError as error:
        raise disk_error(home, error) from None
    if free < _LEAST_FREE:
        raise StoreUnavailable(f"The disk that holds {home} is full; free some space.")


def part_folders(home: Path, sweep_id: str) -> list[Path]:
    """The folders of a sweep's parts that are there."""
    folder = home / sweep_id
    return [folder / name for name in sorted(files_in(home).folders(folder)) if name.isdecimal()]


def checkpoint_finder(home: Path) -> Callable[[str, str | None], bool]:
    """(run id, its sweep's id) → whether a checkpoint is there; a run of a sweep has the sweep's.

    It looks at each sweep once, however many runs of it are asked for; so make a new one for every list. At a URL,
    where every look takes long, there always is one: a run whose checkpoint proves missing begins again.
    """
    if files_in(home).url is not None:
        return lambda run_id, sweep_id: True
    seen: dict[str, bool] = {}

    def find(run_id: str, sweep_id: str | None) -> bool:
        if sweep_id is None:
            return RunFiles(home, run_id).has_checkpoint
        if sweep_id not in seen:
            seen[sweep_id] = sweep_has_checkpoint(home, sweep_id)
        return seen[sweep_id]

    return find


def sweep_has_checkpoint(home: Path, sweep_id: str) -> bool:
    """Whether any part of the sweep has a checkpoint."""
    parts = part_folders(home, sweep_id)
    return any(RunFiles(home, sweep_id, part=int(path.name)).has_checkpoint for path in parts)
