"""``reglab data download`` and ``reglab data remove``: the files of a data set that RegLab comes with."""

from __future__ import annotations

import argparse
import sys

from reglab.cli.output import Output
from reglab.errors import StoreError
from reglab.number_format import gib
from reglab.settings import Settings

_STEP = 0.02  # share of a download between two lines


def download_set(arguments: argparse.Namespace, settings: Settings, output: Output) -> int:
    """Bring a data set with its official test images; Ctrl-C leaves what has arrived for the next time."""
    from reglab.datasets import DATASETS
    from reglab.datasets.catalogue import listed
    from reglab.datasets.downloads import download

    _check_writable(settings)
    name, shown = arguments.what, _Shown(output)
    try:
        download(name, settings.data, shown.listen)
    except KeyboardInterrupt:
        print(f"reglab: cut off; `reglab data download {name}` resumes it", file=sys.stderr)
        raise
    one = listed(DATASETS.get(name), settings.data)
    record = {"dataset": name, "place": str(one.place) if one.place else None, "bytes": one.bytes}
    output.print(record, f"{one.entry.label} is ready{f': {one.place}, {gib(one.bytes)}' if one.place else ''}.")
    return 0


def delete_files(arguments: argparse.Namespace, settings: Settings, output: Output) -> int:
    """Delete what was downloaded of a data set, and its decoded images; files placed by hand stay."""
    from reglab.datasets.downloads import delete_downloads

    _check_writable(settings)
    found = delete_downloads(arguments.what, settings.data, settings.cache)
    record = {"dataset": arguments.what, "bytes": found.bytes, "changed": list(map(str, found.changed))}
    kept = "".join(f" {file} has changed since its download and stays." for file in found.changed)
    output.print(record, f"{gib(found.bytes)} deleted.{kept}" if found.bytes else f"Nothing was downloaded.{kept}")
    return 0


class _Shown:
    """Progress as lines: one for each new step, and one for every :data:`_STEP` of it."""

    def __init__(self, output: Output) -> None:
        self.output, self.step, self.share = output, "", -1.0

    def listen(self, text: str, share: float) -> None:
        step = text.partition(":")[0]
        if step != self.step or share >= self.share + _STEP or share == 1.0 != self.share:
            self.step, self.share = step, share
            self.output.print({"text": text, "share": share}, text)


def _check_writable(settings: Settings) -> None:
    from reglab.store.open import READ_ONLY

    if settings.read_only:
        raise StoreError(READ_ONLY)
