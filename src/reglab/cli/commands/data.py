"""``reglab data``: the data sets and where each is, and the decoded images that are kept on the disk."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from reglab.cli.command import Command
from reglab.cli.output import Output
from reglab.errors import SpecError
from reglab.number_format import gib
from reglab.settings import Settings, load_settings

if TYPE_CHECKING:
    from reglab.datasets.image_cache import Kept


def _arguments(parser: argparse.ArgumentParser) -> None:
    about = "list (default): every data set, and whether it is at hand; cache: the decoded images on the disk"
    parser.add_argument(
        "action", nargs="?", choices=("list", "cache"), default="list", metavar="list|cache", help=about
    )
    parser.add_argument(
        "--clear", action="store_true", help="with cache: remove them; they are decoded anew when needed"
    )


def _run(arguments: argparse.Namespace, output: Output) -> int:
    if arguments.clear and arguments.action != "cache":
        raise SpecError("--clear removes decoded images, never a data set: reglab data cache --clear.")
    settings = load_settings()
    if arguments.action == "cache":
        _cache(settings, output, clear=arguments.clear)
    else:
        _list(settings, output)
    return 0


def _list(settings: Settings, output: Output) -> None:
    from reglab.content.dataset_text import line, record
    from reglab.datasets.catalogue import catalogue
    from reglab.store import open_store
    from reglab.store.sentences import disk_error

    try:
        found = catalogue(settings.data, settings.cache)
    except OSError as error:
        raise disk_error(settings.cache, error) from None
    with open_store(settings) as store:
        uses = store.count_datasets()
    width = max(len(one.entry.name) for one in found)
    for one in found:
        runs = uses.get(one.entry.name, 0)
        output.print(record(one, runs), line(one, runs, width))


def _cache(settings: Settings, output: Output, *, clear: bool) -> None:
    from reglab.datasets.image_cache import LIMIT_BYTES

    entries = _kept(settings, clear=clear)
    for entry in reversed(entries):
        record = {
            "dataset": entry.dataset, "part": entry.part, "bytes": entry.bytes, "used": entry.used.isoformat(),
            "path": str(entry.path),
        }  # fmt: skip
        used = f"{entry.used.astimezone():%Y-%m-%d %H:%M}"
        output.print(record, f"{entry.dataset:<14}  {entry.part:<4}  {gib(entry.bytes):>8}  last used {used}")
    total = sum(entry.bytes for entry in entries)
    output.print(
        {"cache": str(settings.cache), "entries": len(entries), "bytes": total, "limit": LIMIT_BYTES, "cleared": clear},
        _summary(settings, entries, clear=clear),
    )


def _summary(settings: Settings, entries: Sequence[Kept], *, clear: bool) -> str:
    from reglab.datasets.image_cache import LIMIT_BYTES

    size = gib(sum(entry.bytes for entry in entries))
    if clear:
        return f"{size} of decoded images removed from {settings.cache}; data sets and runs are untouched."
    what = f"{size} of decoded images" if entries else "No decoded images"
    return f"{what} in {settings.cache}, {gib(LIMIT_BYTES)} at most; `reglab data cache --clear` removes them."


def _kept(settings: Settings, *, clear: bool = False) -> list[Kept]:
    """The entries of the cache, which are removed with ``clear``; :class:`StoreError` where that cannot be."""
    from reglab.datasets import image_cache
    from reglab.errors import StoreError
    from reglab.store.open import READ_ONLY
    from reglab.store.sentences import disk_error

    if clear and settings.read_only:
        raise StoreError(READ_ONLY)
    try:
        return image_cache.clear(settings.cache) if clear else image_cache.kept(settings.cache)
    except OSError as error:
        raise disk_error(settings.cache, error) from None


ENTRY = Command("data", "list the data sets, and show or clear the decoded images on the disk", 70, _arguments, _run)
