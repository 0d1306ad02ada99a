"""``reglab data``: the data sets, where each is and how healthy, people's own ones, and the decoded images."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from reglab.cli.command import Command
from reglab.cli.data_files import delete_files, download_set, open_for_writing
from reglab.cli.image_sets import import_arguments, import_set, remove_imported
from reglab.cli.output import Output
from reglab.errors import DataError, SpecError
from reglab.number_format import gib
from reglab.settings import Settings, load_settings

if TYPE_CHECKING:
    from reglab.datasets.image_cache import Kept


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", nargs="?", choices=tuple(ACTIONS), default="list", metavar="|".join(ACTIONS), help=_ABOUT
    )
    parser.add_argument("what", nargs="?", metavar="PATH|NAME", help="a file or folder, for import; else a data set")
    parser.add_argument(
        "--clear", action="store_true", help="with cache: remove them; they are decoded anew when needed"
    )
    parser.add_argument(
        "--validation", choices=("share", "own"), default="share",
        help="with check: the validation images are a share of the images, or the data set's own part; default: share",
    )  # fmt: skip
    import_arguments(parser)


def _run(arguments: argparse.Namespace, output: Output) -> int:
    if arguments.clear and arguments.action != "cache":
        raise SpecError("--clear removes decoded images, never a data set: reglab data cache --clear.")
    if arguments.action != "import" and (arguments.what is None) == (arguments.action in _NAMED):
        needs = f"needs the name of a data set: reglab data {arguments.action} digits"
        raise SpecError(f"reglab data {arguments.action} {needs if arguments.action in _NAMED else 'takes no name'}.")
    return ACTIONS[arguments.action](arguments, load_settings(), output)


def _list(_arguments: argparse.Namespace, settings: Settings, output: Output) -> int:
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
    return 0


def _check(arguments: argparse.Namespace, settings: Settings, output: Output) -> int:
    """Exit status 1 where there is a problem."""
    from reglab.content.health_text import lines
    from reglab.datasets.catalogue import not_at_hand
    from reglab.datasets.health import USUAL, dataset_health

    spec = USUAL.model_copy(update={"name": arguments.what, "validation": arguments.validation})
    if missing := not_at_hand(spec, settings.data):
        raise DataError(f"{missing} `reglab data download {arguments.what}` brings them.")
    found = dataset_health(arguments.what, settings.data, spec=spec)
    output.print({"dataset": arguments.what, **found.record()}, "\n".join(lines(found)))
    return int(any(one.level == "problem" for one in found.findings))


def _remove(arguments: argparse.Namespace, settings: Settings, output: Output) -> int:
    from reglab.datasets import DATASETS

    own = arguments.what not in DATASETS.built_in
    return (remove_imported if own else delete_files)(arguments, settings, output)


def _cache(arguments: argparse.Namespace, settings: Settings, output: Output) -> int:
    from reglab.datasets.image_cache import LIMIT_BYTES

    clear: bool = arguments.clear
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
    return 0


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
    from reglab.store.sentences import disk_error

    try:
        if not clear:
            return image_cache.kept(settings.cache)
        with open_for_writing(settings) as store:
            cleared = image_cache.clear(settings.cache)
            store.note_data("clear cache")
        return cleared
    except OSError as error:
        raise disk_error(settings.cache, error) from None


_ABOUT = (
    "list (default): every data set, where it is and what uses it; check NAME: copies across training, validation and "
    "test, wrong labels, rare classes; download NAME: bring its files, or the rest of them; import PATH: save images "
    "of your own as a set; remove NAME: delete such a set, or what was downloaded of another; cache: the decoded "
    "images on the disk"
)
ACTIONS: Mapping[str, Callable[[argparse.Namespace, Settings, Output], int]] = {
    "list": _list,
    "check": _check,
    "download": download_set,
    "import": import_set,
    "remove": _remove,
    "cache": _cache,
}
_NAMED = frozenset({"check", "download", "remove"})  # actions on one data set

ENTRY = Command(
    "data", "list, check, download, import and remove data sets, and show or clear decoded images", 70, _arguments, _run
)
