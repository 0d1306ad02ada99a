"""Which runs a filter admits, decided by SQLite and by PostgreSQL."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.factories import add_run, spec

from reglab.store import RunFilter, Store
from reglab.store.run_filter import LESSON_GROUPS, SWEEP_GROUPS


def add_three(store: Store) -> None:
    add_run(store, spec(penalty__l2=0.001), name="Weak decay", tags=["baseline"], note="too little λ₂", epochs=0)
    add_run(
        store, spec(penalty__l2=0.1), name="strong decay 50%", tags=["baseline", "Ärger"], state="running", epochs=0
    )
    add_run(
        store, spec(data__name="mnist", model__name="lenet5", penalty__l1=0.1, penalty__l2=0.0), name="SPÄRLICH_1",
        state="failed", tags=["Ärger"], epochs=0,
    )  # fmt: skip


def found(store: Store, wanted: RunFilter) -> set[str]:
    """The first words of the names, and the counts agree."""
    names = {name.split()[0] for name in store.run_table(wanted)["name"]}
    assert store.count_runs(wanted).total == len(names)
    return names


CASES = [
    (RunFilter(), {"Weak", "strong", "SPÄRLICH_1"}),
    (RunFilter(text="decay"), {"Weak", "strong"}),
    (RunFilter(text="DECAY weak"), {"Weak"}),
    (RunFilter(text="lenet"), {"SPÄRLICH_1"}),
    (RunFilter(text="spÄr"), {"SPÄRLICH_1"}),
    (RunFilter(text="λ₂"), {"Weak"}),
    (RunFilter(text="Ärg"), {"strong", "SPÄRLICH_1"}),
    (RunFilter(text="h_1"), {"SPÄRLICH_1"}),
    (RunFilter(text="%"), {"strong"}),
    (RunFilter(text="nothing like it"), set()),
    (RunFilter(states=frozenset({"failed", "running"})), {"strong", "SPÄRLICH_1"}),
    (RunFilter(datasets=frozenset({"mnist"})), {"SPÄRLICH_1"}),
    (RunFilter(models=frozenset({"simple_cnn"})), {"Weak", "strong"}),
    (RunFilter(penalties=frozenset({"L1"})), {"SPÄRLICH_1"}),
    (RunFilter(penalties=frozenset({"L2", "none"})), {"Weak", "strong"}),
    (RunFilter(tags=frozenset({"Ärger", "other"})), {"strong", "SPÄRLICH_1"}),
    (RunFilter(text="decay", tags=frozenset({"Ärger"})), {"strong"}),
    (RunFilter(states=frozenset({"queued"})), set()),
]


def test_every_condition_must_hold(any_store: Store) -> None:
    add_three(any_store)
    for wanted, names in CASES:
        assert found(any_store, wanted) == names, wanted


def test_capitals_do_not_matter_in_any_script(store: Store) -> None:
    """In SQLite; a PostgreSQL database has a locale that decides."""
    add_three(store)
    assert found(store, RunFilter(text="spärlich_1")) == {"SPÄRLICH_1"}
    assert found(store, RunFilter(text="ÄRGER")) == {"strong", "SPÄRLICH_1"}


def test_an_id_can_be_searched_for(any_store: Store) -> None:
    run, _ = add_run(any_store, epochs=0), add_run(any_store, epochs=0)
    assert any_store.run_table(RunFilter(text=run.id.upper()))["run"].tolist() == [run.id]


def test_groups_can_be_left_out_and_are_counted(any_store: Store) -> None:
    groups = ("claims, tested", "sweep s1", "Sweep of mine", "sweepstakes", None)
    for group in groups:
        any_store.create(spec(), name=group or "none", group=group)
    wanted = RunFilter(without=frozenset({LESSON_GROUPS, SWEEP_GROUPS}))
    assert set(any_store.run_table(wanted)["name"]) == {"Sweep of mine", "sweepstakes", "none"}
    assert not wanted.active
    assert any_store.count_groups([LESSON_GROUPS, SWEEP_GROUPS]) == {"": 3, LESSON_GROUPS: 1, SWEEP_GROUPS: 1}


def test_deleted_runs_are_in_no_list_and_no_count(any_store: Store) -> None:
    gone, kept = add_run(any_store, spec(data__name="mnist"), tags=["a"]), add_run(any_store, tags=["b"])
    any_store.delete([gone.id])
    assert any_store.run_table()["run"].tolist() == [kept.id]
    assert any_store.count_runs().states == {"finished": 1}
    assert [run.id for run in any_store.runs_of([gone.id, "nowhere", kept.id])] == [kept.id]
    choices = any_store.run_choices()
    assert (choices.datasets, choices.models, choices.tags) == (("digits",), ("simple_cnn",), ("b",))


def test_choices_are_each_once_and_in_order(any_store: Store) -> None:
    for tags in (["b", "Ä"], ["a", "b"], []):
        add_run(any_store, tags=tags, epochs=0)
    assert any_store.run_choices().tags == ("a", "b", "Ä")


@pytest.mark.parametrize(
    ("wanted", "active"),
    [
        (RunFilter(), False),
        (RunFilter(text="  "), False),
        (RunFilter(text="a"), True),
        (RunFilter(tags=frozenset({"a"})), True),
        (RunFilter(states=frozenset({"failed"})), True),
    ],
)
def test_a_filter_is_active_where_it_may_hide_a_run(wanted: RunFilter, active: bool) -> None:
    assert wanted.active is active


@given(st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_any_text_can_be_searched_for(store: Store, text: str) -> None:
    wanted = RunFilter(text=text, tags=frozenset({text}), datasets=frozenset({text}))
    assert store.run_table(wanted).empty
    assert store.count_runs(RunFilter(text=text)).total == 0


def test_a_search_as_long_as_a_book_is_cut(store: Store) -> None:
    run = add_run(store, name="a b", epochs=0)
    wanted = RunFilter(text="a b " * 100_000 + "c")
    assert store.run_table(wanted)["run"].tolist() == [run.id]
    assert store.count_runs(RunFilter(text=" ".join(map(str, range(100_000))))).total == 0


@pytest.mark.parametrize("tags", ["not JSON", '"text"', "7", '{"a": 1}'])
def test_tags_that_are_no_list_hide_no_other_run(store: Store, tags: str) -> None:
    good, bad = add_run(store, tags=["x"], epochs=0), add_run(store, epochs=0)
    with store._database.write() as connection:
        connection.exec_driver_sql("UPDATE runs SET tags = ? WHERE id = ?", (tags, bad.id))
    assert store.run_table(RunFilter(tags=frozenset({"x"})))["run"].tolist() == [good.id]
    assert "x" in store.run_choices().tags
    assert store.count_runs(RunFilter(text="x")).total >= 1
