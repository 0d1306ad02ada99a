"""What goes after the undo period, what ended runs keep, what a check finds, and what a backup holds."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text
from tests.factories import add_run, add_sweep, layer_stats, metrics
from tests.store.helpers import ENVIRONMENT, running

from reglab.errors import StoreError
from reglab.events import Checkpoint
from reglab.jobs.runner import AT_ONCE, DAY, Housekeeping
from reglab.predictions import EpochScores
from reglab.settings import Settings, load_settings
from reglab.spec import RunSpec
from reglab.store import Ending, Run, Store, open_store
from reglab.store.prediction_file import Layout

NOW, MONTH = timedelta(0), timedelta(days=30)


BESIDE = ("best.safetensors", "predictions.bin")


def with_files(store: Store, state: str = "finished") -> Run:
    """A run with weights and two generations of a checkpoint."""
    run = running(store)
    store.began({run.id: ENVIRONMENT})
    store.add_initial_layers({run.id: layer_stats(0)})
    store.add_epochs([(run.id, metrics(1), layer_stats(1), 1)])
    files = store.files(run.id)
    for step in (1, 2):
        files.save_checkpoint(Checkpoint({"w": np.full(100, step)}, {"epoch": 1, "step": step}))
    path, sha256 = files.save_weights({"w": np.ones(10)})
    files.save_weights({"w": np.zeros(10)}, "best")
    scores = EpochScores(np.array([-0.5, -2.0], np.float16), np.array([True, False]))
    files.save_predictions(Layout(np.array([3, 1]), 2), {1: scores})
    if state == "finished":
        store.finish([Ending(run.id, "finished", weights_path=path, weights_sha256=sha256)])
    else:
        store.finish([Ending(run.id, "interrupted")])
    return store.get(run.id)


def names(store: Store, run: Run) -> set[str]:
    return {path.name for path in store.files(run.id).folder.iterdir()}


class TestGarbage:
    def test_an_ended_run_keeps_its_newest_checkpoint_only(self, any_store: Store) -> None:
        done, stopped = with_files(any_store), with_files(any_store, "interrupted")
        size = (any_store.files(done.id).folder / "checkpoint.previous.safetensors").stat().st_size
        assert [(one.kind, one.id, one.bytes) for one in any_store.leftovers(MONTH)] == [("checkpoint", done.id, size)]
        assert any_store.drop_second_checkpoints() == size
        assert names(any_store, done) == {"checkpoint.safetensors", "weights.safetensors", *BESIDE}
        assert "checkpoint.previous.safetensors" in names(any_store, stopped)
        kept = any_store.files(done.id).load_checkpoint()
        assert kept is not None
        assert kept.facts["step"] == 2
        assert (any_store.leftovers(MONTH), any_store.drop_second_checkpoints()) == ([], 0)

    def test_the_second_is_kept_where_the_first_is_gone(self, any_store: Store) -> None:
        run = with_files(any_store)
        (any_store.files(run.id).folder / "checkpoint.safetensors").unlink()
        assert any_store.drop_second_checkpoints() == 0
        assert any_store.get(run.id).has_checkpoint

    def test_stacks_of_a_sweep_that_has_ended(self, any_store: Store) -> None:
        done, going = add_sweep(any_store), add_sweep(any_store, state="interrupted")
        for sweep in (done, going):
            for step in (1, 2):
                any_store.sweep_files(sweep.id, 0).save_checkpoint(Checkpoint({}, {"step": step}))
        assert [one.id for one in any_store.leftovers(MONTH)] == [done.id]
        assert any_store.drop_second_checkpoints() > 0
        assert not any_store.sweep_files(done.id, 0).second_checkpoint
        assert any_store.sweep_files(going.id, 0).second_checkpoint

    def test_what_was_deleted_goes_after_the_undo_period_with_its_files(self, any_store: Store) -> None:
        gone, other = with_files(any_store), with_files(any_store)
        size = any_store.files(gone.id).size
        any_store.delete([gone.id])
        assert any_store.purge(MONTH) == []
        any_store.restore([gone.id])
        assert any_store.purge(NOW) == []
        any_store.delete([gone.id])
        assert [(one.kind, one.bytes) for one in any_store.leftovers(NOW) if one.id == gone.id] == [("deleted", size)]
        assert any_store.purge(NOW) == [gone.id]
        assert not any_store.files(gone.id).folder.exists()
        assert [run.id for run in any_store.runs()] == [other.id]

    def test_a_folder_that_cannot_be_removed_keeps_its_row_and_holds_up_no_other(self, any_store: Store) -> None:
        stuck, other = with_files(any_store), with_files(any_store)
        elsewhere = any_store.home / "elsewhere"
        any_store.files(stuck.id).folder.rename(elsewhere)
        any_store.files(stuck.id).folder.symlink_to(elsewhere)
        any_store.delete([stuck.id, other.id])
        assert any_store.purge(NOW, limit=1) == [other.id]
        assert [run.id for run in any_store.runs(deleted=True)] == [stuck.id]
        assert (elsewhere / "weights.safetensors").is_file()

    def test_the_server_does_it_at_start_and_daily_a_few_at_a_time(
        self, store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        moment = [0.0]
        monkeypatch.setattr("reglab.jobs.runner.time.monotonic", lambda: moment[0])
        done = with_files(store)
        store.delete([store.create(RunSpec()).id for _ in range(AT_ONCE + 3)])
        with store._database.write() as connection:
            connection.execute(text("UPDATE runs SET deleted = '2020-01-01 00:00:00' WHERE deleted IS NOT NULL"))
        keeping = Housekeeping(store, settings)
        keeping.step()
        assert len(store.runs(deleted=True)) == 3
        assert "checkpoint.previous.safetensors" in names(store, done)
        keeping.step()
        assert store.runs(deleted=True) == []
        assert "checkpoint.previous.safetensors" not in names(store, done)
        again = with_files(store)
        for moment[0] in (0.0, DAY - 1):
            keeping.step()
            assert "checkpoint.previous.safetensors" in names(store, again)
        moment[0] = DAY
        keeping.step()
        assert "checkpoint.previous.safetensors" not in names(store, again)

    @pytest.mark.parametrize(("days", "left"), [("29", 0), ("31", 1)])
    def test_the_period_is_a_setting(self, store: Store, days: str, left: int) -> None:
        store.delete([store.create(RunSpec()).id])
        moment = "datetime('now', '-30 days')"
        with store._database.write() as connection:
            connection.execute(text(f"UPDATE runs SET deleted = {moment}"))
        Housekeeping(store, load_settings({"REGLAB_HOME": str(store.home), "REGLAB_UNDO_DAYS": days})).step()
        assert len(store.runs(deleted=True)) == left


def unlink(store: Store, run: Run) -> None:
    (store.files(run.id).folder / "weights.safetensors").unlink()


def remove(store: Store, run: Run) -> None:
    shutil.rmtree(store.files(run.id).folder)


def flip(name: str) -> Callable[[Store, Run], None]:
    def change(store: Store, run: Run) -> None:
        path = store.files(run.id).folder / name
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)

    return change


def cut(name: str) -> Callable[[Store, Run], None]:
    def change(store: Store, run: Run) -> None:
        path = store.files(run.id).folder / name
        path.write_bytes(path.read_bytes()[:-1])

    return change


def spoil_both_checkpoints(store: Store, run: Run) -> None:
    flip("checkpoint.safetensors")(store, run)
    flip("checkpoint.previous.safetensors")(store, run)


def lose_epochs(store: Store, run: Run) -> None:
    with store._database.write() as connection:
        connection.execute(text("DELETE FROM epochs WHERE run = :run").bindparams(run=run.id))


def spoil_spec(store: Store, run: Run) -> None:
    with store._database.write() as connection:
        connection.execute(text("UPDATE runs SET spec = '?' WHERE id = :run").bindparams(run=run.id))


class TestProblems:
    def test_a_whole_store_has_none(self, any_store: Store) -> None:
        with_files(any_store)
        with_files(any_store, "interrupted")
        any_store.create(RunSpec())
        assert list(any_store.problems()) == []
        assert any_store.strangers() == []

    @pytest.mark.parametrize(
        ("spoil", "kind", "sentence"),
        [
            (unlink, "file", "are missing from"),
            (remove, "file", "is gone"),
            (flip("weights.safetensors"), "file", "have changed since they were saved"),
            (cut("best.safetensors"), "file", "This is not a whole safetensors file"),
            (flip("predictions.bin"), "file", "The predictions in"),
            (spoil_both_checkpoints, "file", "is damaged"),
            (lose_epochs, "row", "does not have all the epochs"),
            (spoil_spec, "row", "cannot be read: the spec is not valid JSON"),
        ],
    )
    def test_each_is_found_and_named(
        self, any_store: Store, spoil: Callable[[Store, Run], None], kind: str, sentence: str
    ) -> None:
        with_files(any_store)
        run = with_files(any_store)
        spoil(any_store, run)
        (problem,) = any_store.problems()
        assert (problem.kind, problem.id) == (kind, run.id)
        assert sentence in problem.sentence

    def test_figures_of_the_wrong_kind(self, store: Store) -> None:
        run, other = add_run(store), add_run(store, epochs=[metrics(1, val_loss=float("nan"), lr=float("inf"))])
        for made in (run, other):
            store.files(made.id).save_weights({}, "initial")
        with store._database.write() as connection:
            connection.execute(text("UPDATE epochs SET val_loss = 'x' WHERE run = :run").bindparams(run=run.id))
            connection.execute(text("UPDATE layers SET counts = 'x' WHERE run = :run").bindparams(run=run.id))
        found = list(store.problems())
        assert [problem.id for problem in found] == [run.id] * 3  # its epochs, its layers, and its own row
        assert {problem.kind for problem in found} == {"row"}

    def test_a_row_without_its_run(self, store: Store) -> None:
        run = add_run(store)
        with store._database.rebuild() as connection:
            connection.execute(text("DELETE FROM runs WHERE id = :run").bindparams(run=run.id))
        sentences = {problem.sentence for problem in store.problems()}
        assert sentences == {
            f"A row of {table} belongs to a run or sweep that is not there." for table in ("epochs", "layers")
        }

    def test_a_folder_of_no_run_is_named_and_left_alone(self, any_store: Store) -> None:
        stranger = any_store.home / "abcdefghjk"
        stranger.mkdir()
        assert (any_store.strangers(), list(any_store.problems())) == (["abcdefghjk"], [])
        assert stranger.is_dir()


class TestBackup:
    def test_it_is_a_home_of_its_own(self, store: Store, tmp_path: Path) -> None:
        done, stopped = with_files(store), with_files(store, "interrupted")
        copied = store.back_up(tmp_path / "deep" / "copy")
        with open_store(load_settings({"REGLAB_HOME": str(tmp_path / "deep" / "copy")})) as copy:
            assert copy.runs() == store.runs()
            assert list(copy.problems()) == []
            assert copy.get(stopped.id).resumable
            assert copied.files == 1 + len(names(store, done)) + len(names(store, stopped))
            assert names(copy, done) == names(store, done)
        assert [path.name for path in (tmp_path / "deep").iterdir()] == ["copy"]

    def test_weights_saved_while_it_was_made_are_there_and_no_checkpoint_is_newer(
        self, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = with_files(store, "interrupted")
        from reglab.store import backup

        plain = backup._copy_database

        def meanwhile(*arguments: object) -> None:
            with_files(store)
            store.files(run.id).save_checkpoint(Checkpoint({}, {"epoch": 1, "step": 3}))
            plain(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(backup, "_copy_database", meanwhile)
        store.back_up(tmp_path / "copy")
        with open_store(load_settings({"REGLAB_HOME": str(tmp_path / "copy")})) as copy:
            assert [problem.sentence for problem in copy.problems()] == []
            kept = copy.files(run.id).load_checkpoint()
            assert kept is not None
            assert kept.facts["step"] == 2
            assert len(copy.runs()) == 2

    def test_links_are_kept_and_links_out_of_the_home_left_out(self, store: Store, tmp_path: Path) -> None:
        first, second = with_files(store), with_files(store)
        store.files(second.id).link_weights(f"{first.id}/weights.safetensors")
        (store.files(first.id).folder / "secret").symlink_to("/etc/passwd")
        store.back_up(tmp_path / "copy")
        paths = [tmp_path / "copy" / run.id / "weights.safetensors" for run in (first, second)]
        assert paths[0].samefile(paths[1])
        assert not (tmp_path / "copy" / first.id / "secret").exists()

    def test_places_that_cannot_hold_it(self, store: Store, tmp_path: Path) -> None:
        (tmp_path / "there").mkdir()
        (tmp_path / "file").touch()
        for target, sentence in [
            (tmp_path / "there", "is there already; name a new folder"),
            (store.home / "copy", "would be lost with it"),
            (tmp_path / "file" / "copy", "cannot be used: Not a directory"),
        ]:
            with pytest.raises(StoreError, match=sentence):
                store.back_up(target)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "home", "there"]

    @pytest.mark.postgres
    def test_postgresql_has_a_tool_of_its_own(self, any_store: Store, tmp_path: Path) -> None:
        if any_store._database.sqlite:
            return
        with pytest.raises(StoreError, match="pg_dump"):
            any_store.back_up(tmp_path / "copy")
        assert not (tmp_path / "copy").exists()


class TestMissing:
    def test_each_kind_is_one_sentence(self, any_store: Store) -> None:
        done, stopped, waiting = (
            with_files(any_store),
            with_files(any_store, "interrupted"),
            any_store.create(RunSpec()),
        )
        assert [any_store.missing(run) for run in (done, stopped, waiting)] == [None] * 3
        assert any_store.not_resumable(done) == f"Run {done.id} is finished: there is nothing to resume."
        for run in (done, stopped):
            remove(any_store, run)
        gone, stuck = any_store.get(done.id), any_store.get(stopped.id)
        folder = any_store.files(done.id).folder
        assert (
            any_store.missing(gone) == f"The weights of run {done.id} are not available: the folder {folder} is gone."
        )
        assert not stuck.resumable
        assert (
            any_store.not_resumable(stuck)
            == any_store.missing(stuck)
            == (
                f"Run {stopped.id} has no checkpoint: the folder {any_store.files(stopped.id).folder} is gone, "
                "so it cannot be resumed; duplicate it to train again."
            )
        )

    def test_a_sweep_whose_folder_is_gone(self, any_store: Store) -> None:
        sweep = add_sweep(any_store, state="interrupted")
        folder = any_store.home / sweep.id
        assert any_store.not_resumable(sweep) == (
            f"Sweep {sweep.id} has no checkpoint: the folder {folder} is gone, so it cannot be resumed; "
            "duplicate it to train again."
        )

    @pytest.mark.parametrize(
        "place", ["../outside.safetensors", "/etc/passwd", "{run}/out.safetensors", "a\x00b", "loop"]
    )
    def test_weights_outside_the_home_are_not_named(self, store: Store, tmp_path: Path, place: str) -> None:
        run = with_files(store)
        (tmp_path / "outside.safetensors").touch()
        (store.files(run.id).folder / "out.safetensors").symlink_to(tmp_path / "outside.safetensors")
        (store.home / "loop").symlink_to(store.home / "loop")
        found = replace(run, weights_path=place.format(run=run.id))
        sentence = store.missing(found)
        assert sentence == "The place recorded for the weights is outside the folder of the runs."
