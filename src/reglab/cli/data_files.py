"""``reglab data download`` and ``reglab data remove``: the files of a data set that RegLab comes with.

What any command does to data sets goes into the audit log, so that each of them needs a store that can be written.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reglab.cli.output import Output
from reglab.number_format import gib
from reglab.settings import Settings

if TYPE_CHECKING:
    from reglab.store import Store

_STEP = 0.02  # share of a download between two lines


def download_set(arguments: argparse.Namespace, settings: Settings, output: Output) -> int:
    """Bring a data set with its official test images; Ctrl-C leaves what has arrived for the next time."""
    from reglab.datasets import DATASETS
    from reglab.datasets.catalogue import listed
    from reglab.datasets.downloads import download

    name, shown = DATASETS.get(arguments.what).name, _Shown(output)
    with open_for_writing(settings) as store:
        store.note_data("download data", name)
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

    with open_for_writing(settings) as store:
        found = delete_downloads(arguments.what, settings.data, settings.cache)
        if found.bytes:
            store.note_data("delete data", arguments.what)
    record = {"dataset": arguments.what, "bytes": found.bytes, "changed": list(map(str, found.changed))}
    kept = "".join(f" {file} has changed since its download and stays." for file in found.changed)
    output.print(record, f"{gib(found.bytes)} deleted.{kept}" if found.bytes else f"Nothing was downloaded.{kept}")
    return 0


@contextmanager
def open_for_writing(settings: Settings) -> Iterator[Store]:
    """The store, for the block.

    :raises StoreError: nothing may be written in it.
    """
    from reglab.errors import StoreError
    from reglab.store import open_store

    refuse_read_only(settings)
    with open_store(settings) as store:
        if store.read_only:
            raise StoreError(store.read_only)
        yield store


def refuse_read_only(settings: Settings) -> None:
    """:class:`StoreError` where nothing is to be written."""
    from reglab.errors import StoreError
    from reglab.store.open import READ_ONLY

    if settings.read_only:
        raise StoreError(READ_ONLY)


class _Shown:
    """Progress as lines: one for each new step, and one for every :data:`_STEP` of it."""

    def __init__(self, output: Output) -> None:
        self.output, self.step, self.share = output, "", -1.0

    def listen(self, text: str, share: float) -> None:
        step = text.partition(":")[0]
        if step != self.step or share >= self.share + _STEP or share == 1.0 != self.share:
            self.step, self.share = step, share
            self.output.print({"text": text, "share": share}, text)
