"""What archives of strangers are made from, and how they are refused: in one sentence, and nothing of them is left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.archive.archiving import Members, imported

from reglab.errors import RegLabError
from reglab.store import Store

Attack = Callable[[Members], bytes]
RUN, SWEEP = "r000000000", "s000000000"


def names_in(folder: Path) -> set[Path]:
    """Everything below ``folder``: an import replaces no file, so that names are enough."""
    return set(folder.rglob("*"))


def refused(store: Store, data: bytes) -> str:
    """The sentence with which ``data`` is refused, after a look that it has left nothing."""
    around, jobs = names_in(store.home.parent), (store.count_runs().total, store.count_sweeps())
    with pytest.raises(RegLabError) as error:
        imported(store, data)
    assert names_in(store.home.parent) == around
    assert (store.count_runs().total, store.count_sweeps()) == jobs
    sentence = str(error.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 400
    assert "Traceback" not in sentence
    return sentence
