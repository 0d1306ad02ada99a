"""What is done to ticked runs on the Runs page: labels, deletion and Undo, Stop and Resume."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest
from tests.factories import add_run
from tests.pages.browsing import again, plain, press, press_in_a_fragment_that_is_gone, visit
from tests.pages.runs_page import charts, names, pinned, state, three
from tests.pages.runs_page import runs_page as page

from reglab.store import Run, Store
from reglab.ui.runs.state import RunsState

__all__ = ["page"]  # which the fixture ``app`` runs


def test_renaming_tagging_and_a_note(app: AppTest, store: Store) -> None:
    run, *_ = three(store)
    visit(app, runs=run.id)
    app.session_state["edit_runs"] = True
    form = again(app).form(f"edit_{run.id}")
    name, tags, note = form.text_input[0], form.multiselect[0], form.text_area[0]
    assert (name.value, tags.value, note.value) == ("none", ["talk"], "")
    name.set_value("  no *penalty*  ")
    tags.set_value(["talk", "new one"])
    note.set_value("The baseline.\nSecond line.")
    form.selectbox[0].set_value(4)
    press(app, "save_run")
    stored = store.get(run.id)
    assert (stored.name, stored.tags) == ("no *penalty*", ("talk", "new one"))
    assert (stored.note, stored.colour) == ("The baseline.\nSecond line.", 4)
    assert "edit_runs" not in app.session_state
    assert names(app)[-1] == "no *penalty*"
    assert app.multiselect(key="tags").options == ["new one", "talk"]


def test_a_name_that_cannot_be_is_said_beside_it_and_goes_when_corrected(app: AppTest, store: Store) -> None:
    run, *_ = three(store)
    visit(app, runs=run.id)
    app.session_state["edit_runs"] = True
    again(app).form(f"edit_{run.id}").text_input[0].set_value("   ")
    press(app, "save_run")
    assert [plain(error.value) for error in app.error] == ["A name has 1 to 200 characters, not 0."]
    assert store.get(run.id).name == "none"
    app.form(f"edit_{run.id}").text_input[0].set_value("better")
    press(app, "save_run")
    assert not app.error
    assert store.get(run.id).name == "better"


def test_a_press_between_a_last_tick_and_the_page_that_follows_is_seen(app: AppTest, store: Store) -> None:
    run, *_ = three(store)
    visit(app, runs=run.id)
    press_in_a_fragment_that_is_gone(app, "select_none")
    assert pinned(app) == []


def test_a_panel_stays_closed_whatever_a_tick_that_waited_meanwhile_says(app: AppTest, store: Store) -> None:
    none, weak, _ = three(store)
    visit(app, runs=f"{none.id},{weak.id}")
    app.session_state["edit_runs"] = True
    again(app).multiselect(key="tags_added").set_value(["slides"])
    press_in_a_fragment_that_is_gone(app, "save_tags")
    assert store.get(none.id).tags == ("talk", "slides")
    app.session_state["edit_runs"] = True
    assert not [button.key for button in again(app).button if button.key == "save_tags"]


def test_tags_of_several_runs_are_added_and_removed_together(app: AppTest, store: Store) -> None:
    none, weak, _ = three(store)
    visit(app, runs=f"{none.id},{weak.id}")
    app.session_state["edit_runs"] = True
    again(app).multiselect(key="tags_added").set_value(["slides", "week 3"])
    app.multiselect(key="tags_removed").set_value(["talk"])
    press(app, "save_tags")
    assert store.get(none.id).tags == store.get(weak.id).tags == ("slides", "week 3")


def test_deleting_asks_first_and_can_be_undone(app: AppTest, store: Store) -> None:
    none, weak, strong = three(store)
    visit(app, runs=f"{none.id},{weak.id}")
    app.session_state["delete_runs"] = True
    again(app)
    assert "Delete “none”, “weak”?" in [text.value for text in app.markdown]
    assert app.button(key="confirm_delete").label == "Delete 2 runs"
    assert len(store.runs()) == 3
    press(app, "confirm_delete")
    assert names(app) == ["strong"]
    assert charts(app) == []
    assert "delete_runs" not in app.session_state
    assert app.container(key="undo_bar").markdown[0].value == (
        ":material/delete: Deleted “none”, “weak”. :small[Files are removed for good after 30 days.]"
    )
    press(app, "undo_delete")
    assert names(app) == ["strong", "weak", "none"]
    assert state(app).ticked == (none.id, weak.id)
    assert [run.id for run in store.runs()] == [strong.id, weak.id, none.id]
    assert "undo_delete" not in {button.key for button in app.button}


def test_undo_stays_until_dismissed_even_when_nothing_is_left(app: AppTest, store: Store) -> None:
    run = add_run(store)
    visit(app, runs=run.id)
    app.session_state["delete_runs"] = True
    press(again(app), "confirm_delete")
    again(app)
    assert "No runs yet" in [text.value[:11] for text in app.markdown]
    assert app.button(key="undo_delete")
    press(app, "dismiss_undo")
    assert {button.key for button in app.button} == {"first_run"}
    assert store.runs() == []


def test_a_running_run_stays_and_the_panel_says_so_before(app: AppTest, store: Store) -> None:
    none, *_ = three(store)
    busy = add_run(store, name="busy", state="running")
    visit(app, runs=f"{none.id},{busy.id}")
    app.session_state["delete_runs"] = True
    again(app)
    said = [plain(text.value) for text in app.markdown]
    assert {"Delete “none”?", ":small[“busy” still trains and stays: stop it first.]"} <= set(said)
    press(app, "confirm_delete")
    assert names(app) == ["busy", "strong", "weak"]
    assert (pinned(app), state(app).ticked) == (["busy"], (busy.id,))


def test_several_runs_are_trained_again_with_the_next_seed(app: AppTest, store: Store) -> None:
    none, weak, _ = three(store)
    visit(app, runs=f"{none.id},{weak.id}")
    app.session_state["duplicate_runs"] = True
    assert again(app).button(key="confirm_duplicate").label == "Queue 2 runs"
    press(app, "confirm_duplicate")
    copies = {run.name: run for run in store.runs() if run.name.endswith("copy")}
    assert set(copies) == {"none · copy", "weak · copy"}
    assert copies["weak · copy"].spec == weak.spec.with_changes({"train.seed": weak.spec.train.seed + 1})
    assert app.success[0].value == "2 copies wait in the queue."


def test_buttons_are_enabled_where_they_make_sense(app: AppTest, store: Store) -> None:
    done, stopped = add_run(store, name="done"), add_run(store, name="stopped", state="cancelled", epochs=0)
    busy = add_run(store, name="busy", state="running")
    keys = ("open_runs", "stop_runs", "resume_runs", "duplicate_run")

    def enabled(*runs: Run) -> list[str]:
        app.session_state["runs_page"] = RunsState()
        visit(app, runs=",".join(run.id for run in runs))
        return [button.key for button in app.button if button.key in keys and not button.disabled]

    assert enabled() == []
    assert enabled(done) == ["open_runs", "duplicate_run"]
    assert enabled(stopped) == ["open_runs", "resume_runs", "duplicate_run"]
    assert enabled(busy) == ["open_runs", "stop_runs", "duplicate_run"]
    assert enabled(done, stopped, busy) == ["open_runs", "stop_runs", "resume_runs"]


def test_stop_and_resume_reach_the_ticked_runs_that_can(app: AppTest, store: Store) -> None:
    waiting = add_run(store, name="waiting", state="queued")
    stopped = add_run(store, name="stopped", state="cancelled", epochs=0)
    done = add_run(store, name="done")
    visit(app, runs=f"{waiting.id},{done.id},{stopped.id}")
    press(app, "resume_runs")
    assert store.get(stopped.id).state == "queued"
    press(app, "stop_runs")
    assert store.get(waiting.id).state == store.get(stopped.id).state == "cancelled"
    assert store.get(done.id).state == "finished"


def test_names_are_never_read_as_markdown(app: AppTest, store: Store) -> None:
    run = add_run(store, name="<b>*x*</b> [a](b) $y$ :red[z]")
    visit(app, runs=run.id)
    app.session_state["delete_runs"] = True
    again(app)
    question = next(text.value for text in app.markdown if text.value.startswith("Delete"))
    assert question == r"Delete “\<b\>\*x\*\</b\> \[a\]\(b\) \$y\$ \:red\[z\]”?"
