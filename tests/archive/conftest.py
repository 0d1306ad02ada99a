"""Valid archives, as members to change, and the home that archives attack: made once for all tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from tests.archive.archiving import Members, archived, members_of, opened_home, with_record
from tests.archive.hostile import RUN, SWEEP
from tests.factories import add_run, add_sweep

from reglab.predictions import EpochScores
from reglab.spec import RunSpec
from reglab.store import Store
from reglab.store.prediction_file import Layout


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Members:
    """A valid archive of one run with files, as members under the id RUN."""
    with opened_home(tmp_path_factory.mktemp("victim") / "home") as store:
        run = add_run(store, RunSpec().with_changes({"train.epochs": 6}))
        files = store.files(run.id)
        path, sha256 = files.save_weights({"w": np.ones(4, np.float32)})
        score = EpochScores(np.zeros(3, np.float16), np.ones(3, np.bool_))
        files.save_predictions(Layout(np.arange(3), 10), dict.fromkeys(range(1, 7), score))
        found = members_of(archived(store, run))
    found = {name.replace(run.id, RUN): data for name, data in found.items()}
    found |= {f"runs/{RUN}/weights.safetensors": (files.home / path).read_bytes()}
    return with_record(found, f"runs/{RUN}/run.json", id=RUN, keeps="weights", weights_sha256=sha256)


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Members:
    """The same of a sweep of two runs."""
    with opened_home(tmp_path_factory.mktemp("victim") / "home") as store:
        made = add_sweep(store, epochs=1)
        found = members_of(archived(store, *store.sweep_runs(made.id)))
    return {
        name.replace(made.id, SWEEP): data.replace(made.id.encode(), SWEEP.encode()) for name, data in found.items()
    }


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The home that is attacked, by all tests in turn: nothing is ever left in it."""
    with opened_home(tmp_path_factory.mktemp("attacked") / "home") as store:
        add_run(store)
        yield store
