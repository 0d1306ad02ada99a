"""Standard streams that never fail a command: every character can be written; a closed reader or full disk is reported.

Text is UTF-8 unless the stream has an encoding of its own, a terminal's or that of ``PYTHONIOENCODING``; characters
that such an encoding lacks are spelled in ASCII. JSON is always UTF-8.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
import threading
import unicodedata
from typing import TextIO

_SPELLED = {"λ": "lambda", "ρ": "rho", "Σ": "sum", "Δ": "delta", "½": "1/2", "×": "x", "–": "-", "−": "-"}

_turn = threading.Lock()


def prepare() -> None:
    """Make standard input, output and errors read and write text."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            own = bool(os.environ.get("PYTHONIOENCODING")) or stream.isatty()
            errors = "strict" if stream is sys.stdin else "reglab.spelled"
            stream.reconfigure(encoding=stream.encoding if own else "utf-8", errors=errors)


def prepare_json() -> None:
    """Make standard output write JSON in UTF-8; what UTF-8 cannot encode becomes an escape of JSON."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


def write(text: str) -> bool:
    """Print ``text`` on standard output; ``False`` if it is lost, with one sentence on stderr the first time.

    With a reader that has left, such as ``| head``, nothing is lost. Threads take turns, line by line.
    """
    with _turn:
        try:
            print(text, flush=True)
        except OSError as error:
            return _give_up(error)
    return True


def complain(sentence: str) -> None:
    """Print ``sentence`` on standard error, if that can still be written."""
    try:
        print(f"reglab: {sentence}", file=sys.stderr, flush=True)
    except OSError:
        _silence(sys.stderr)


def _give_up(error: OSError) -> bool:
    """Discard all further output after ``error``; ``True`` if the reader has left, so that nothing is lost."""
    _silence(sys.stdout)
    closed = isinstance(error, BrokenPipeError) or (os.name == "nt" and error.errno == errno.EINVAL)
    if not closed:
        complain(f"The output cannot be written: {error.strerror}; the command goes on without it.")
    return closed


def _silence(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _spell(error: UnicodeError) -> tuple[str, int]:
    """Characters that an encoding lacks, in ASCII: "λ₂" as "lambda2", "é" as "e", "☃" as "?"."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = "".join(_SPELLED.get(c) or unicodedata.normalize("NFKD", c) for c in error.object[error.start : error.end])
    plain = "".join(c for c in text if not unicodedata.combining(c))
    return plain.encode("ascii", "replace").decode("ascii"), error.end


codecs.register_error("reglab.spelled", _spell)
