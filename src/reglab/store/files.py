"""The files of one run: two generations of its checkpoint, and its weights."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from reglab.errors import CheckpointError, StoreError
from reglab.events import Checkpoint
from reglab.store import arrays, atomic
from reglab.store.sentences import disk_sentence

NEWEST, PREVIOUS = "checkpoint.safetensors", "checkpoint.previous.safetensors"
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class RunFiles:
    """The folder ``home/<run id>/``; it appears with the first file."""

    def __init__(self, home: Path, run_id: str, flush: Callable[[], None] | None = None) -> None:
        """``flush`` brings what the store has of the run to the disk, so that no checkpoint is ever ahead of it."""
        if not _PLAIN.fullmatch(run_id):
            raise StoreError(f"{run_id!r} is not a run id.")
        self.home, self.folder, self._flush = home, home / run_id, flush

    @property
    def has_checkpoint(self) -> bool:
        """Whether a checkpoint of either generation is there (it may still prove damaged)."""
        return (self.folder / NEWEST).exists() or (self.folder / PREVIOUS).exists()

    @property
    def size(self) -> int:
        """Bytes of all files of the run."""
        return sum(path.stat().st_size for path in self.folder.glob("*") if path.is_file())

    def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep ``checkpoint``; the one before it stays until this one is whole, and as the second generation after.

        :raises StoreError: the disk is full or the folder may not be written; the earlier checkpoints are untouched.
        """
        if self._flush is not None:
            self._flush()
        atomic.write(self.folder / NEWEST, arrays.encode_checkpoint(checkpoint), keep_as=self.folder / PREVIOUS)

    def load_checkpoint(self) -> Checkpoint | None:
        """The newest whole checkpoint, or None if there never was one.

        :raises CheckpointError: files are there, but all are damaged.
        """
        found = False
        for name in (NEWEST, PREVIOUS):
            try:
                return arrays.decode_checkpoint((self.folder / name).read_bytes())
            except FileNotFoundError:
                continue
            except (CheckpointError, MemoryError):
                found = True
            except OSError as error:
                raise StoreError(disk_sentence(self.folder / name, error)) from None
        if found:
            raise CheckpointError(
                f"Every checkpoint in {self.folder} is damaged; the run cannot be resumed, duplicate it to train again."
            )
        return None

    def save_weights(self, weights: arrays.Arrays, name: str = "weights") -> tuple[str, str]:
        """Write ``home/<run id>/<name>.safetensors``; its path relative to the home, and its file's SHA-256.

        The bytes follow from the arrays alone: equal weights make equal files.
        """
        if not _PLAIN.fullmatch(name):
            raise StoreError(f"{name!r} cannot name a file of weights.")
        path = self.folder / f"{name}.safetensors"
        data = arrays.encode_weights(weights)
        atomic.write(path, data)
        return path.relative_to(self.home).as_posix(), hashlib.sha256(data).hexdigest()

    def load_weights(self, path: str) -> dict[str, NDArray[Any]]:
        """The arrays in ``path`` (relative to the home).

        :raises CheckpointError: the file is missing, damaged, or outside the home.
        """
        place = (self.home / path).resolve()
        if not place.is_relative_to(self.home.resolve()):
            raise CheckpointError(f"{path} is outside the folder of the runs.")
        try:
            return arrays.decode(place.read_bytes())
        except FileNotFoundError:
            raise CheckpointError(f"The weights {path} are missing from {self.home}.") from None
        except CheckpointError as error:
            raise CheckpointError(f"The weights {path} cannot be read: {error}") from None
        except OSError as error:
            raise StoreError(disk_sentence(place, error)) from None
