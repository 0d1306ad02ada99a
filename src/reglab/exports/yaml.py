"""The spec as YAML, as ``reglab train FILE`` reads it; a file for each of several runs."""

from __future__ import annotations

from collections.abc import Sequence

from reglab.exports.code import one_line
from reglab.exports.entry import Bundle, Export
from reglab.exports.subject import Subject

_MARK = "# RegLab spec"


def make(subjects: Sequence[Subject], main: str, _prefix: str) -> Bundle:
    """One file: the spec, complete, with defaults written out."""
    (subject,) = subjects
    run = subject.run
    source = f" of run {run.id} ({one_line(run.name)})" if run else ""
    text = f"{_MARK}{source}: train it again with `reglab train {one_line(main)}`.\n{subject.spec.to_yaml()}"
    return Bundle({main: text.encode()})


ENTRY = Export(
    name="yaml",
    label="YAML",
    order=50,
    about="The settings alone, which the command line, the form's address and Python read back.",
    main="spec.yaml",
    together=False,
    needs_runs=False,
    is_script=False,
    marker=_MARK.encode(),
    make=make,
    show=lambda subject: make([subject], "spec.yaml", ""),
)
