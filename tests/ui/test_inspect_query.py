"""Links of the Inspect page: what they say is shown, and a bad value costs itself alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reglab.ui.inspect.query import DEFAULT, MOST_BESIDE, SWITCHES, ViewState, link_of, normal, read

RUNS = st.lists(st.text("xyz789", min_size=1, max_size=10), min_size=1, max_size=MOST_BESIDE, unique=True)
VIEWS = st.builds(
    ViewState,
    layer=st.none() | st.text(min_size=1, max_size=200),
    epoch=st.none() | st.integers(0, 10**7),
    image=st.none() | st.integers(0, 10**7),
    beside=st.none()
    | st.lists(st.text("xyz789", min_size=1), min_size=1, max_size=MOST_BESIDE, unique=True).map(",".join),
).map(normal)


@given(VIEWS, st.text("abc123", min_size=1, max_size=10))
def test_a_link_restores_its_view(view: ViewState, run: str) -> None:
    found = read(link_of(run, view))
    assert (found.run, found.view, found.problem) == (run, view, None)


def test_the_usual_view_needs_no_parameter() -> None:
    assert link_of("abc", DEFAULT) == {"run": "abc"}
    assert read({}).view == DEFAULT


@given(st.dictionaries(st.sampled_from(SWITCHES), st.text(max_size=20)))
def test_whatever_a_link_holds_it_is_read(query: dict[str, str]) -> None:
    found = read(query)
    assert read(link_of("abc", found.view)).view == found.view


def test_a_bad_value_gets_its_default_and_a_sentence() -> None:
    found = read({"run": " abc ", "view": "nonsense", "at": "best", "show": "epoch", "epoch": "-3"})
    assert (found.run, found.view) == ("abc", ViewState(at="best", show="epoch"))
    assert found.problem is not None
    assert "view cannot be 'nonsense'" in found.problem
    assert "epoch cannot be '-3'" in found.problem


def test_of_several_runs_the_first_is_inspected() -> None:
    assert read({"runs": "abc,def"}).run == "abc"
    assert read({"run": "def", "runs": "abc"}).run == "def"
    assert read({"runs": " , "}).run is None


def test_an_epoch_belongs_to_the_slider() -> None:
    assert read({"epoch": "3"}).view.epoch is None
    assert read({"epoch": "3", "show": "epoch"}).view.epoch == 3
