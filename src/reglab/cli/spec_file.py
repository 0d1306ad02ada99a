"""Reading a spec from a file or from standard input."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TextIO

from reglab.errors import SpecError, clipped
from reglab.spec import RunSpec
from reglab.spec_text import LONGEST


def read_spec(path: str | None) -> RunSpec:
    """The spec in the file at ``path`` ("-" is standard input), or the default one.

    :raises SpecError: where it cannot be read, or is no spec.
    """
    if path is None:
        return RunSpec()
    try:
        text = _start(sys.stdin) if path == "-" else _text(Path(path))
    except OSError as error:
        raise SpecError(f"Cannot read {clipped(path)}: {os.strerror(error.errno or 0).lower()}.") from None
    except UnicodeDecodeError:
        raise SpecError(f"Cannot read {clipped(path)}: it is not UTF-8 text.") from None
    return RunSpec.from_yaml(text)


def _text(path: Path) -> str:
    with path.open(encoding="utf-8-sig") as file:
        return _start(file)


def _start(file: TextIO) -> str:
    """As much of ``file`` as it takes to see that it is too long, however long it is."""
    return file.read(LONGEST + 1)
