"""``reglab data import`` and ``reglab data remove``: people's own sets of images."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reglab.cli.data_files import open_for_writing, refuse_read_only
from reglab.cli.output import Output
from reglab.errors import SpecError
from reglab.number_format import gib
from reglab.settings import Settings

if TYPE_CHECKING:
    from reglab.imports import Asked, Choices, Found

_EVERY_S = 1.0
_SHOWN = 10


def import_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``reglab data import`` and ``reglab data remove``."""
    group = parser.add_argument_group("import PATH, remove NAME")
    group.add_argument("--name", help="name of the set in specs: lower-case letters, digits and underscores")
    group.add_argument("--label", help="name of the set on pages")
    group.add_argument("--about", help="one sentence about the images")
    group.add_argument("--licence", help="under which the images may be used")
    group.add_argument("--source", help="where the images come from")
    group.add_argument("--resize", type=int, metavar="PIXELS", help="side of the saved images, 8 to 224")
    group.add_argument("--fit", choices=("crop", "pad", "stretch"), help="how images become square (default: crop)")
    group.add_argument("--colour", choices=("grey", "rgb"), help="default: rgb where a pixel is coloured")
    group.add_argument("--label-column", metavar="COLUMN", help="of a CSV or Parquet file: its name, first or last")
    group.add_argument("--class-names", metavar="A,B,…", help="names for the classes, in their order")
    group.add_argument("--dry-run", action="store_true", help="with import: show what was understood, and save nothing")
    group.add_argument("--yes", action="store_true", help="with remove: do not ask")


def import_set(arguments: argparse.Namespace, settings: Settings, output: Output) -> int:
    """Show what ``arguments.what`` holds, and save it as a set.

    :raises DataError: it cannot be imported.
    """
    from reglab.imports import save

    if arguments.what is None or not (arguments.name or arguments.dry_run):
        raise SpecError("Say what to import and how to call it: reglab data import PATH --name NAME.")
    if not arguments.dry_run:
        refuse_read_only(settings)
    reports = _Reports(output)
    found, choices, record = _understood(arguments, settings, reports)
    if arguments.dry_run:
        output.print({**record, "saved": False}, "Nothing was saved (--dry-run).")
        return 0
    with open_for_writing(settings) as store:  # which would be made for what cannot be imported, too
        manifest = save(found, choices, settings.data, reports, settings.import_gb * 2**30)
        store.note_data("import data", manifest.name)
    sentence = f"Saved as {manifest.name} ({manifest.digest[:8]}): {_train(manifest.name)}"
    output.print({**record, "saved": True, "digest": manifest.digest}, sentence)
    return 0


def _train(name: str) -> str:
    """The command that trains on set ``name`` as is usual."""
    from reglab.datasets.usual import usual_for

    every = "" if usual_for(name).data.train_size else " --set data.train_size=none"
    return f"reglab train --set data.name={name}{every}"


def remove_imported(arguments: argparse.Namespace, settings: Settings, output: Output) -> int:
    """Delete the images of a set, after a question; its record stays where runs used it.

    :raises DataError: there is no such set.
    """
    from reglab.datasets.imported import saved_sets
    from reglab.datasets.set_files import remove_set

    name = arguments.what
    with open_for_writing(settings) as store:
        runs = store.runs_on(name)
        if any(one.name == name for one in saved_sets(settings.data)):
            _confirm(name, runs, arguments, output)
        freed = remove_set(settings.data, name, forget=not runs)
        store.note_data("delete data", name)
    kept = " Its record stays, because runs used it: the same images can be imported again." if runs else ""
    output.print({"removed": name, "bytes": freed, "runs": runs}, f"{name} is removed, {gib(freed)} freed.{kept}")
    return 0


class _Reports:
    """Progress as a line a second."""

    def __init__(self, output: Output) -> None:
        self.output, self.last = output, time.monotonic()

    def __call__(self, text: str, share: float) -> None:
        now = time.monotonic()
        if now - self.last >= _EVERY_S:
            self.last = now
            self.output.print({"progress": round(share, 4), "text": text}, text)


def _asked(arguments: argparse.Namespace) -> Asked:
    from reglab.imports import Asked
    from reglab.imports.limits import LEAST_SIDE, MOST_SIDE

    if arguments.resize is not None and not LEAST_SIDE <= arguments.resize <= MOST_SIDE:
        raise SpecError(f"--resize must be from {LEAST_SIDE} to {MOST_SIDE} pixels, not {arguments.resize}.")
    return Asked(arguments.resize, arguments.colour, arguments.fit or "crop", arguments.label_column)


def _choices(found: Found, arguments: argparse.Namespace) -> Choices:
    """The proposal with all that the arguments say."""
    given = {name: getattr(arguments, name) for name in ("name", "label", "about", "licence", "source")}
    if arguments.class_names is not None:
        given["classes"] = tuple(arguments.class_names.split(","))
    return replace(found.proposed, **{name: value for name, value in given.items() if value})


def _understood(
    arguments: argparse.Namespace, settings: Settings, reports: _Reports
) -> tuple[Found, Choices, dict[str, object]]:
    """What is there, and what is chosen; both shown."""
    from reglab.imports import understand
    from reglab.imports.found_text import described, sentences

    scratch = settings.data if settings.data.is_dir() and not settings.read_only else None
    found = understand(Path(arguments.what), progress=reports, asked=_asked(arguments), scratch=scratch)
    choices = _choices(found, arguments)
    for sentence in sentences(found, choices):
        reports.output.note(sentence)
    return found, choices, described(found, choices)


def _confirm(name: str, runs: list[str], arguments: argparse.Namespace, output: Output) -> None:
    """Ask on a terminal; :class:`SpecError` where nobody says yes."""
    if arguments.yes:
        return
    count = "1 run" if len(runs) == 1 else f"{len(runs):,} runs"
    used = f"{count} used it ({', '.join(runs[:_SHOWN])}{', …' if len(runs) > _SHOWN else ''})"
    question = f"Remove the images of {name}? {used if runs else 'No run used it'}."
    if output.as_json or not sys.stdin.isatty():
        raise SpecError(f"{question} Confirm with --yes.")
    output.note(f"{question} [y/N]")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise SpecError(f"{name} is not removed.")
