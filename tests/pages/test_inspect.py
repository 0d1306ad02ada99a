"""The Inspect page without a browser: a run opens from a link, its views, and runs that lack something."""

from __future__ import annotations

import base64
import re
from html import unescape
from urllib.parse import parse_qsl

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from tests.factories import add_run, metrics, spec
from tests.jobs.running import work
from tests.pages.browsing import address, again, chart, charts, errors, plain, prose, visit, warnings

from reglab import columns
from reglab.content.environment_text import environment_rows
from reglab.settings import Settings
from reglab.store import Store
from reglab.ui.inspect import try_image
from reglab.ui.inspect.drawing_pad import SIDE
from reglab.ui.inspect.environment import DONE, log_rows


def page() -> None:
    """The page alone, without the frame."""
    from reglab.ui.inspect.page import inspect_page

    inspect_page()


NOISY = spec(data__train_size=60, data__label_noise=0.2, model__name="small_cnn", train__epochs=2, train__batch_size=20)


def choose(app: AppTest, key: str, value: str) -> AppTest:
    """Set a switch, and run the page as the browser's message does."""
    app.session_state[f"inspect_{key}"] = value
    return again(app)


def test_views_of_a_run_and_the_link_that_follows_them(app: AppTest, store: Store) -> None:
    older, run = add_run(store, name="older"), add_run(store, spec(penalty__l2=0.1), name="held *down*")
    visit(app)  # no run: the newest finished one, and the address stays as it is
    assert address(app) == {}
    assert "held \\*down\\*" in app.title[0].value
    assert charts(app) == ["inspect_weights_heat"]
    assert "1,568 weights in all layers. Exact zeros: none at epoch 0, none at epoch 6." in prose(app)
    choose(app, "show", "ridge")
    assert address(app) == {"run": run.id, "show": "ridge"}
    assert len(chart(app, "inspect_weights_ridge")["data"]) == 7
    choose(app, "layer", "fc.weight")
    assert "1,280 weights in fc.weight" in prose(app)
    choose(app, "view", "layers")
    assert not charts(app)
    table = app.dataframe[0].value.set_index(columns.LAYER)
    assert table.index.tolist() == ["conv1.weight", "fc.weight", columns.ALL_WEIGHTS]
    recorded = store.layers([run.id], epochs=[6]).set_index(columns.LAYER)[columns.L2_NORM]
    assert table.loc[columns.ALL_WEIGHTS, columns.L2_NORM] == pytest.approx(float(np.linalg.norm(recorded)))
    choose(app, "at", "best")
    assert address(app) == {"run": run.id, "view": "layers", "show": "ridge", "layer": "fc.weight", "at": "best"}
    visit(app, run=older.id, view="environment")
    assert "older" in app.title[0].value
    shown = dict([*environment_rows(older), *log_rows(older, "UTC")])
    assert (shown["Device"], shown["torch"], shown["State"]) == ("cpu, 1 thread", "2.13.0", "finished")
    assert len(app.get("html")) == 2
    assert "seed: 0" in app.code[-1].value


def test_the_log_keeps_every_stop_and_resume(store: Store) -> None:
    run = add_run(store, state="queued")
    for _ in range(2):
        store.request_stop(run.id)
        store.requeue(run.id)
    store.rename(run.id, "other")
    store.set_note(run.id, "n")
    names = [name for name, _ in log_rows(store.get(run.id), "UTC", store.history(run))]
    done = [name for name in names if name in ("Created", *DONE.values())]
    assert done == ["Created", *["Stop pressed", "Resumed"] * 2, "Relabelled"]


def test_runs_that_lack_something_say_what(app: AppTest, store: Store) -> None:
    assert "No runs yet" in prose(visit(app))
    waiting = add_run(store, state="queued")
    half = add_run(store, state="running", epochs=2)
    broken = metrics(1, val_loss=np.nan, train_loss=np.nan)
    failed, diverged = add_run(store, state="failed", epochs=0), add_run(store, state="diverged", epochs=[broken])
    visit(app, run=waiting.id)
    assert "no epoch has ended yet" in app.info[0].value
    assert "has not begun" in app.info[1].value
    visit(app, run=half.id, epoch="1", show="epoch")
    assert "epoch 2 of 30 is the newest here" in app.info[0].value
    assert chart(app, "inspect_weights_epoch")["layout"]["title"]["text"].startswith("Weights of all layers at epoch 1")
    visit(app, run=failed.id)
    assert "before its first epoch" in warnings(app)
    assert errors(app) == ["This run is failed."]
    visit(app, run=diverged.id, view="layers")
    assert errors(app) == ["This run is diverged."]
    visit(app, run="nobody", layer="gone")
    assert "There is no run" in errors(app)[0]
    assert "no layer" in warnings(app)


def images(app: AppTest) -> list[str]:
    """What a screen reader says of every image on the page."""
    return [alt for element in app.get("html") for alt in re.findall(r'alt="(.*?)"', element.proto.body)]


def test_filters_and_errors_of_a_trained_run(app: AppTest, store: Store, settings: Settings) -> None:
    run = work(store, settings, NOISY)
    assert run.last is not None
    visit(app, run=run.id, view="filters")
    assert "8 filters of `conv1.weight`, 1 × 3 × 3" in prose(app)
    assert "Blue is below 0, orange above 0" in prose(app)
    assert len(images(app)) == 8
    choose(app, "view", "errors")
    wrong = round((1 - run.last.val_acc) * 539)
    assert f"**{wrong} of 539** validation images are misclassified at epoch 2" in prose(app)
    assert len(images(app)) == 60
    assert re.fullmatch(r"image \d+: \d → \d, \d+.%, p\(true\) [\d.]+.%, loss [\d.]+", images(app)[0])
    body = "".join(element.proto.body for element in app.get("html"))
    links = [unescape(link) for link in re.findall(r'href="\?(.*?)"', body)]
    assert len(links) == 60
    places = [int(dict(parse_qsl(link)).get("image", "1")) - 1 for link in links]  # the first has no parameter
    shown = store.val_scores([run.id])[run.id].index[places]
    assert [re.findall(r"\d+", alt)[0] for alt in images(app)] == [str(image) for image in shown]
    choose(app, "errors", "classes")
    assert app.dataframe[0].value["Images"].sum() == 539
    choose(app, "errors", "memorised")
    memorised = round(run.last.flipped_acc * 12)
    assert f"**{memorised} of 12 wrong labels are memorised" in prose(app)
    assert len(images(app)) == 12
    for name in ("predictions.bin", "weights.safetensors", "best.safetensors"):
        (settings.home / run.id / name).unlink()
    visit(app, run=run.id, view="errors", errors="memorised", at="best")
    assert "are missing" in warnings(app)
    assert "The weights of the best epoch are not on the disk" in plain(app.info[0].value)
    choose(app, "errors", "loss")
    assert plain(app.info[0].value) == "The predictions of this run were not kept."
    choose(app, "view", "filters")
    assert (
        app.info[0].value
        == "The run is finished and has kept no weights of its best epoch; these are the initial ones."
    )


def test_an_image_is_tried_on_several_runs(app: AppTest, store: Store, settings: Settings) -> None:
    run, other, gone = (work(store, settings, NOISY.with_changes({"penalty.l2": l2})) for l2 in (0.0, 0.1, 0.3))
    for name in ("weights.safetensors", "best.safetensors"):
        (settings.home / gone.id / name).unlink()
    visit(app, run=run.id, view="image", image="7", beside=f"{other.id},{gone.id}")
    assert address(app)["image"] == "7"
    recorded = [store.probabilities(one.id, "last") for one in (run, other)]
    bars = chart(app, "inspect_probabilities")["data"]
    assert len(bars) == len(recorded) == 2
    for drawn, known in zip(bars, recorded, strict=True):
        assert known is not None
        shown = [int(re.sub(r"\D", "", name.removesuffix(" (true)"))) for name in drawn["y"]]
        np.testing.assert_allclose(drawn["x"], 100 * known[6, shown], atol=1e-3)
    assert "weights of the last epoch are not on the disk" in plain(prose(app))
    choose(app, "source", "upload")
    assert address(app)["source"] == "upload"
    assert "image" not in address(app)
    app.session_state["inspect_pad_pixels"] = base64.b64encode((np.tri(SIDE, dtype=np.uint8) * 255).tobytes()).decode()
    choose(app, "source", "draw")
    assert len(chart(app, "inspect_probabilities")["data"]) == 2
    assert images(app) == ["The image as the network sees it"]


def test_a_run_on_another_dataset_does_not_predict_beside(app: AppTest, store: Store) -> None:
    run, foreign = add_run(store), add_run(store, spec(data__name="digits_halves"))
    same = add_run(store)
    visit(app, run=run.id, view="image", beside=f"{foreign.id},{same.id}")
    assert not app.exception
    assert app.multiselect[0].value == [same.id]
    assert f"{foreign.id}: deleted, unknown, or of another dataset." in prose(app)


def test_runs_of_one_name_can_be_told_apart_in_the_lists(app: AppTest, store: Store) -> None:
    run, twin, other = (add_run(store, name=name) for name in ("same", "same", "other"))
    visit(app, run=run.id, view="image")
    assert app.selectbox(key="inspect_run").options == [
        "other · finished", f"same · finished ({twin.id})", f"same · finished ({run.id})",
    ]  # fmt: skip
    add_run(store, name="other")
    assert len(set(again(app).multiselect[0].options)) == 3
    assert other.name in app.multiselect[0].options[1]


def test_runs_on_the_dataset_are_offered_however_many_others_are_newer(
    app: AppTest, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(try_image, "_LISTED", 1)
    same = add_run(store, name="same")
    foreign = add_run(store, spec(data__name="digits_halves"))
    run = add_run(store, state="cancelled")
    assert foreign.created > same.created
    assert visit(app, run=run.id, view="image").multiselect[0].options == ["same"]


def test_a_run_that_trains_shows_its_errors_at_the_last_epoch_on_the_disk(
    app: AppTest, store: Store, settings: Settings
) -> None:
    run = work(store, settings, NOISY)
    assert run.last is not None
    with store._database.write() as connection:
        connection.exec_driver_sql("UPDATE runs SET state = 'running', epoch = 5, epochs = 9")
    visit(app, run=run.id, view="errors")
    wrong = round((1 - run.last.val_acc) * 539)
    assert f"**{wrong} of 539** validation images are misclassified at epoch 2" in prose(app)
    choose(app, "view", "image")
    assert not app.error
    assert images(app) == ["The image as the network sees it"]


def test_a_diverged_run_ranks_no_image_by_losses_that_are_not_finite(
    app: AppTest, store: Store, settings: Settings
) -> None:
    run = work(store, settings, NOISY.with_changes({"optim.name": "sgd", "optim.lr": 10.0, "penalty.l2": 1.0}))
    assert run.state == "diverged"
    visit(app, run=run.id, view="errors")
    assert f"At epoch {run.epoch} no validation loss is a finite number, so no image can be ranked." in plain(
        app.info[-1].value
    )
    assert not images(app)
