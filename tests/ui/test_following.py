"""The tab's title and the live region: what is on screen, how far it is, and how it ended."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import add_run, spec
from tests.jobs.running import settings_in

from reglab.number_format import percent
from reglab.states import STATES, State
from reglab.store import Store, open_store
from reglab.ui.shared.following import Following, following


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return open_store(settings_in(tmp_path_factory.mktemp("following")))


def test_a_run_is_followed_by_its_share_and_ends_in_its_state(store: Store) -> None:
    run = add_run(store, spec(), state="running", name="weak λ")
    assert following([run], [0.424]).tab == f"{percent(0.42, 0)} · weak λ"
    assert following([run], [0.424]).announced == f"weak λ: running, {percent(0.25, 0)}."
    done = add_run(store, spec(), name="weak λ")
    assert (following([done], [1.0]).tab, following([done], [1.0]).announced) == (
        "finished · weak λ",
        "weak λ: finished.",
    )


@pytest.mark.parametrize("state", STATES)
def test_only_what_trains_has_a_share(store: Store, state: State) -> None:
    run = add_run(store, spec(), state=state, name="it")
    found = following([run], [0.5])
    assert (found.share is not None) == (state == "running")
    assert found.state == run.label


def test_several_runs_train_as_long_as_one_of_them_does(store: Store) -> None:
    running, done, queued = (add_run(store, spec(), state=state) for state in ("running", "finished", "queued"))
    assert following([running, done], [0.5, 1.0]).tab == f"{percent(0.75, 0)} · 2 runs"
    assert following([queued, done], [0.0, 1.0]).tab == "queued · 2 runs"
    assert following([done, done], [1.0, 1.0]).announced == "2 runs: ended."


@given(st.lists(st.floats(0, 1), min_size=2).map(sorted))
def test_a_training_is_announced_at_most_once_a_quarter(shares: list[float]) -> None:
    assert len({Following("a", "running", share).announced for share in shares}) <= 5


def test_the_region_stays_in_the_document() -> None:
    script = (Path(__file__).parents[2] / "src/reglab/ui/shared/following.js").read_text("utf-8")
    assert script.count("createElement") == 1
    assert script.index("createElement") < script.index("export default")
