"""Initial weights of a sweep's runs: written once for all runs that share them."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from reglab.jobs.patience import Patience
from reglab.store import Store
from reglab.store.arrays import Arrays, encode_weights
from reglab.store.files import INITIAL, Place


@dataclass
class InitialWeights:
    """What one process has written so far: SHA-256 of a file → its path, relative to the home.

    Runs of one seed begin with the same weights, in whatever groups they advance.
    """

    _paths: dict[str, str] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def write(self, store: Store, patience: Patience, weights: Arrays, runs: Sequence[str]) -> dict[str, Place]:
        """Give each of ``runs`` the file of these initial weights: run → its place.

        The first one is written unless a run before had the same, the others are links to it.
        """
        data, own = encode_weights(weights), list(runs)
        sha256 = hashlib.sha256(data).hexdigest()
        with self._guard:
            path = self._paths.get(sha256)
            if path is None or not store.files(path.partition("/")[0]).has(INITIAL):
                path, _ = patience(store.files(own.pop(0)).save_encoded, data, INITIAL)
                self._paths[sha256] = path
        for run_id in own:
            patience(store.files(run_id).link_weights, path, INITIAL)
        return {run_id: (store.files(run_id).named(INITIAL), sha256) for run_id in runs}
