"""The spec as YAML, which ``reglab train FILE`` reads."""

from __future__ import annotations

from collections.abc import Sequence

from reglab.exports.code import one_line
from reglab.exports.entry import Bundle, Export
from reglab.exports.subject import Subject

_MARK = "# RegLab spec"


def _make(subjects: Sequence[Subject], main: str, _prefix: str) -> Bundle:
    (subject,) = subjects
    run = subject.run
    source = f" of run {run.id} ({one_line(run.name)})" if run else ""
    text = f"{_MARK}{source}: train it again with `reglab train {one_line(main)}`.\n{subject.spec.to_yaml()}"
    return Bundle({main: text.encode()})


ENTRY = Export(
    name="yaml",
    label="YAML",
    order=50,
    about="Only the settings, which the command line, the form's address and Python read.",
    main="spec.yaml",
    marker=_MARK.encode(),
    make=_make,
    show=lambda subject: _make([subject], "spec.yaml", ""),
)
