"""Rows of the store that this version cannot read: each is listed with the reason, and hides or holds up no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.factories import add_run, add_sweep, spec
from tests.jobs.running import wait_until

from reglab import columns
from reglab.cli import main
from reglab.errors import StoreError
from reglab.jobs import Runner
from reglab.settings import Settings
from reglab.store import Run, RunFilter, RunOrder, Store, Unreadable, UnreadableRow
from reglab.store.run_table import SORTABLE
from reglab.sweep import SweepSpec

ANYWHERE = [
    ("spec", """replace(spec, '"lr":', '"newkey": 1,"lr":')""", "Unknown setting 'optim.newkey'"),
    ("spec", "'{not JSON'", "the spec is not valid JSON"),
    ("spec", "'[1]'", "spec"),
    ("spec", "'" + "[" * 100_000 + "'", "the spec is not valid JSON"),
    ("tags", "'7'", "tags hold something other than a list of texts"),
    ("tags", "'[[1]]'", "tags hold something other than a list of texts"),
    ("environment", "'[1]'", "environment holds something other than named facts"),
    ("environment", """'{"versions": 7}'""", "environment holds versions of another kind"),
    ("environment", """'{"val_labels": 7}'""", "environment holds val_labels of another kind"),
    ("environment", """'{"val_labels": [0, -1]}'""", "environment holds counts of labels that are none"),
    ("state", "'paused'", "this version knows no state 'paused'"),
    ("wanted", "'dance'", "this version knows no wanted 'dance'"),
]
SQLITE = [
    ("tags", "'{oops'", "tags holds '{oops' where JSON belongs"),
    ("environment", "x'ff'", "environment holds"),
    ("created", "'garbage'", "created holds 'garbage' where a time belongs"),
    ("created", "7", "created holds 7 where a time belongs"),
    ("heartbeat", "'2024-13-45 00:00:00'", "heartbeat holds"),
    ("epoch", "'many'", "epoch holds 'many' where a whole number belongs"),
    ("l2", "'much'", "l2 holds 'much' where a number belongs"),
    ("l2", "x'00'", "l2 holds"),
    ("name", "x'ff00'", "name holds b'\\xff\\x00' where a text belongs"),
    ("name", "CAST(x'ff' AS TEXT)", "Could not decode to UTF-8"),
    ("dataset", "CAST(x'ff' AS TEXT)", "Could not decode to UTF-8"),
    ("note", "x'ff'", "note holds"),
    ("state", "CAST(x'ff' AS TEXT)", "Could not decode to UTF-8"),
    ("created", "CAST(x'ff' AS TEXT)", "Could not decode to UTF-8"),
]
POSTGRESQL = [("created", "'infinity'", "timestamp too large")]


def spoil(store: Store, table: str, row: str, column: str, value: str) -> None:
    """Give a column of one row a value, as another program or a newer version could."""
    with store._database.write() as connection:
        key = "run" if table in ("epochs", "layers") else "id"
        connection.execute(text(f"UPDATE {table} SET {column} = {value} WHERE {key} = :row").bindparams(row=row))


def unreadable(store: Store) -> list[Unreadable]:
    return [row for row in store.every_run() if isinstance(row, Unreadable)]


def check_hidden_alone(store: Store, column: str, value: str, reason: str) -> None:
    """One run of three is unreadable for ``reason``; nothing else has changed."""
    other, bad, queued = add_run(store), store.create(spec(), name="newer"), store.create(spec())
    spoil(store, "runs", bad.id, column, value)
    (found,) = unreadable(store)
    assert (found.kind, found.id) == ("run", bad.id)
    assert reason in found.reason
    assert len(found.reason) <= 300
    assert {run.id for run in store.runs()} == {other.id, queued.id}
    assert [run_id for run_id in store.waiting() if run_id != bad.id] == [queued.id]
    with pytest.raises(UnreadableRow, match=f"The run {bad.id} cannot be read: "):
        store.get(bad.id)
    assert store.get(other.id) == other
    check_listed(store, {other.id, queued.id}, bad.id)
    store.recover()
    assert [row.id for row in unreadable(store)] == [bad.id]


def check_listed(store: Store, good: set[str], bad: str) -> None:
    """Pages of the table, in every order, with a search, and counts."""
    for column in SORTABLE:
        page = store.every_run_of(store.run_ids(order=RunOrder(column)))
        assert {row.id for row in page if isinstance(row, Run)} == good
        assert [row.id for row in page if isinstance(row, Unreadable)] == [bad]
    assert good <= set(store.run_ids(RunFilter(text="simple_cnn")))
    assert store.count_runs().total == 3
    assert "digits" in store.run_choices().datasets


@pytest.mark.parametrize(("column", "value", "reason"), ANYWHERE)
def test_a_run_that_cannot_be_read_hides_no_other(any_store: Store, column: str, value: str, reason: str) -> None:
    if not any_store._database.sqlite and column in ("tags", "environment"):
        value = f"CAST({value} AS json)"
    check_hidden_alone(any_store, column, value, reason)


@pytest.mark.parametrize(("column", "value", "reason"), SQLITE)
def test_a_value_of_the_wrong_kind_hides_no_other_run(store: Store, column: str, value: str, reason: str) -> None:
    check_hidden_alone(store, column, value, reason)


@pytest.mark.postgres
@pytest.mark.parametrize(("column", "value", "reason"), POSTGRESQL)
def test_a_value_that_python_has_not(any_store: Store, column: str, value: str, reason: str) -> None:
    if any_store._database.sqlite:
        value, reason = "'infinity'", "where a time belongs"
    check_hidden_alone(any_store, column, value, reason)


def test_an_unreadable_run_is_deleted_and_restored_like_any_other(any_store: Store) -> None:
    bad = any_store.create(spec())
    spoil(any_store, "runs", bad.id, "spec", "'?'")
    any_store.delete([bad.id])
    assert (unreadable(any_store), any_store.every_run()) == ([], [])
    any_store.restore([bad.id])
    assert [row.id for row in unreadable(any_store)] == [bad.id]


@pytest.mark.parametrize(
    ("table", "column", "value", "reason"),
    [
        ("sweeps", "spec", "'{'", "The sweep is not valid JSON"),
        ("sweeps", "spec", """replace(spec, '"run":', '"newkey": 1,"run":')""", "newkey"),
        ("sweeps", "plan", "'{'", "the plan is not valid JSON"),
        ("sweeps", "plan", "'[1]'", "the plan is something other than named facts"),
        ("runs", "state", "'paused'", "in a state that this version does not know"),
        ("runs", "epochs", "0", "its runs have 0 epochs"),
    ],
)
def test_a_sweep_that_cannot_be_read_hides_no_other(
    any_store: Store, table: str, column: str, value: str, reason: str
) -> None:
    other, bad, queued = (
        add_sweep(any_store),
        add_sweep(any_store, state="queued"),
        add_sweep(any_store, state="queued"),
    )
    for row in [bad.id] if table == "sweeps" else [run.id for run in any_store.sweep_runs(bad.id)]:
        spoil(any_store, table, row, column, value)
    (found,) = (row for row in any_store.every_sweep() if isinstance(row, Unreadable))
    assert (found.kind, found.id) == ("sweep", bad.id)
    assert reason in found.reason
    assert {sweep.id for sweep in any_store.sweeps()} == {other.id, queued.id}
    assert [sweep_id for sweep_id in any_store.waiting("sweep") if sweep_id != bad.id] == [queued.id]
    with pytest.raises(UnreadableRow, match=f"The sweep {bad.id} cannot be read: "):
        any_store.sweep(bad.id)


def test_a_sweep_without_its_runs_hides_no_other(any_store: Store) -> None:
    other, bad = add_sweep(any_store), add_sweep(any_store)
    with any_store._database.write() as connection:
        connection.execute(text("DELETE FROM runs WHERE sweep = :sweep").bindparams(sweep=bad.id))
    assert [sweep.id for sweep in any_store.sweeps()] == [other.id]


def test_a_sweep_with_one_unreadable_run_waits_and_holds_up_no_other(any_store: Store) -> None:
    bad, queued = add_sweep(any_store, state="queued"), add_sweep(any_store, state="queued")
    lane = any_store.sweep_runs(bad.id)[1]
    spoil(any_store, "runs", lane.id, "spec", "'?'")
    assert any_store.waiting("sweep") == [bad.id, queued.id]
    assert any_store.sweep(bad.id).state == "queued"
    with pytest.raises(UnreadableRow, match=f"The run {lane.id} cannot be read: "):
        any_store.sweep_runs(bad.id)


def test_a_heartbeat_that_cannot_be_read_interrupts_nothing(store: Store) -> None:
    bad, lost = add_run(store, state="running"), add_run(store, state="running")
    for run in (bad, lost):
        spoil(store, "runs", run.id, "owner", "'elsewhere'")
    spoil(store, "runs", bad.id, "heartbeat", "'garbage'")
    spoil(store, "runs", lost.id, "heartbeat", "'2020-01-01 00:00:00'")
    assert store.recover() == [lost.id]


def test_a_run_of_a_sweep_whose_id_leads_out_of_the_home_hides_no_other(
    store: Store,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    good, sweep = add_run(store), store.create(SweepSpec(run=spec(), l2=(0.0, 0.1), seeds=1))
    with store._database.write() as connection:
        connection.exec_driver_sql("UPDATE runs SET id = '../../etc' WHERE sweep IS NOT NULL AND lane = 1")
    assert [row.id for row in unreadable(store)] == ["../../etc"]
    assert store.waiting() == []
    assert good.id in {run.id for run in store.runs()}
    assert store.sweep(sweep.id).id == sweep.id
    monkeypatch.setenv("REGLAB_HOME", str(settings.home))
    assert main(["runs"]) == 0
    assert good.id in capsys.readouterr().out
    assert main(["backup", str(tmp_path / "copy")]) == 0


@pytest.mark.parametrize(("table", "column"), [("epochs", "val_loss"), ("layers", "l2_norm"), ("layers", "counts")])
def test_figures_of_the_wrong_kind_cost_one_run_some_points_only(store: Store, table: str, column: str) -> None:
    good, bad = add_run(store, epochs=3), add_run(store, epochs=3)
    spoil(store, table, bad.id, column, "'garbage' || epoch")
    with store._database.write() as connection:
        connection.execute(
            text(
                f"UPDATE {table} SET {column} = (SELECT {column} FROM {table} WHERE run = :good "
                "AND epoch = 1) WHERE run = :bad AND epoch = 1"
            ).bindparams(good=good.id, bad=bad.id)
        )
    epochs, layers = store.epochs([good.id, bad.id]), store.layers([good.id, bad.id])
    whole = {"epochs": epochs, "layers": layers}
    assert whole[table].loc[whole[table][columns.RUN] == good.id, columns.EPOCH].max() == 3
    assert set(whole[table].loc[whole[table][columns.RUN] == bad.id, columns.EPOCH]) == {1}
    assert len(store.sparklines([good.id], columns.VAL_LOSS)[good.id]) == 3
    assert len(store.sparklines([bad.id], columns.VAL_LOSS)[bad.id]) == (1 if table == "epochs" else 3)
    assert [run.id for run in store.runs()][-1] == good.id


def test_the_queue_goes_on_past_a_row_that_cannot_be_read(store: Store, settings: Settings) -> None:
    short = spec(train__epochs=1, data__train_size=50)
    bad, good = store.create(short), store.create(short)
    torn = store.create(SweepSpec(run=short, l2=(0.0, 0.1)))
    spoil(store, "runs", bad.id, "spec", "'{not JSON'")
    spoil(store, "sweeps", torn.id, "plan", "'{'")
    runner = Runner(store, settings)
    try:
        wait_until(lambda: store.get(good.id).state not in ("queued", "running"), "the good run")
        assert runner.alive()
        assert store.get(good.id).state == "finished"
        with store._database.read() as connection:
            standing = connection.execute(
                text("SELECT state, spec FROM runs WHERE id = :id").bindparams(id=bad.id)
            ).one()
        assert tuple(standing) == ("queued", "{not JSON")
    finally:
        runner.close()


class TestCommandLine:
    @pytest.fixture(autouse=True)
    def environment(self, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
        monkeypatch.setenv("REGLAB_HOME", str(settings.home))
        monkeypatch.delenv("REGLAB_STORE", raising=False)

    @pytest.fixture
    def bad(self, store: Store) -> str:
        add_run(store, name="good")
        bad = add_run(store, name="newer")
        spoil(store, "runs", bad.id, "spec", """json_insert(spec, '$.optim.newkey', 1)""")
        return bad.id

    def test_runs_lists_it_with_the_reason(self, bad: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["runs"]) == 0
        out = capsys.readouterr().out
        assert "good" in out
        assert f"{bad}  unreadable" in out
        assert f"The run {bad} cannot be read: Unknown setting 'optim.newkey'" in out

    def test_runs_as_json(self, bad: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["runs", "--json"]) == 0
        first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
        assert (first["run"], first["status"], first["name"]) == (bad, "unreadable", "newer")
        assert (second["status"], second["name"]) == ("finished", "good")

    @pytest.mark.parametrize("command", [["show"], ["resume"], ["export", "--to", "csv", "--out", "x.csv"]])
    def test_asked_for_by_name_it_is_one_sentence(
        self, bad: str, command: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        monkeypatch.chdir(tmp_path)
        assert main([command[0], bad, *command[1:]]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith(f"reglab: The run {bad} cannot be read: ")
        assert captured.err.count("\n") == 1


def test_other_methods_refuse_such_a_row_with_a_sentence(store: Store) -> None:
    bad = add_run(store, state="interrupted")
    spoil(store, "runs", bad.id, "started", "'garbage'")
    for call in (store.requeue, store.request_stop, lambda run: store.rename(run, "x")):
        with pytest.raises(StoreError, match="holds 'garbage' where a time belongs"):
            call(bad.id)
