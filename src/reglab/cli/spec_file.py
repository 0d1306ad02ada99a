"""Reading a spec from a file or from standard input."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from reglab.errors import SpecError
from reglab.spec import RunSpec


def read_spec(path: str | None) -> RunSpec:
    """The spec in the file at ``path`` ("-" is standard input), or the default one.

    :raises SpecError: where it cannot be read, or is no spec.
    """
    if path is None:
        return RunSpec()
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise SpecError(f"Cannot read {path}: {os.strerror(error.errno or 0).lower()}.") from None
    except UnicodeDecodeError:
        raise SpecError(f"Cannot read {path}: it is not UTF-8 text.") from None
    return RunSpec.from_yaml(text)
