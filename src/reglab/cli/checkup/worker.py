"""Whether a worker process starts, and how long that takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from reglab.cli.checkup.finding import Finding
from reglab.errors import RegLabError
from reglab.number_format import gib
from reglab.settings import Settings

_REMEDY = (
    "What the process wrote stands above. Until it starts, REGLAB_RUNNER=thread trains in the server's own process."
)


def worker(settings: Settings) -> Iterator[Finding]:
    """Start one as a server does, on a store of its own in a temporary folder, and end it."""
    from reglab.jobs.worker_pool import workers
    from reglab.store import open_store

    with TemporaryDirectory(prefix="reglab-") as folder:
        own = replace(settings, home=Path(folder), store=f"sqlite:///{Path(folder) / 'reglab.sqlite'}", read_only=False)
        with open_store(own) as store, workers(store, own, closing=lambda: False) as pool:
            if pool is None:
                text = f"No worker process: runs train in the server's own one (REGLAB_RUNNER={settings.runner})."
                yield Finding("Worker", "ok", text)
                return
            began = time.monotonic()
            try:
                pool.start()
            except RegLabError as error:
                yield Finding("Worker", "problem", str(error), _REMEDY)
                return
            seconds = time.monotonic() - began
            size = psutil.Process(pool.workers[0].pid).memory_info().rss
    text = f"A worker process started in {seconds:.1f} s and takes {gib(size)}."
    yield Finding("Worker", "ok", text, facts={"seconds": seconds, "bytes": size})
