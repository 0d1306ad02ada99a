"""MLflow's own client reads back what the pages show; exporting again never doubles a run."""

from __future__ import annotations

import hashlib
import math
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.factories import add_run, add_sweep, metrics, spec

from reglab import columns
from reglab.exports import Delivered, ExportError, deliver
from reglab.settings import Settings, load_settings
from reglab.spec import RunSpec
from reglab.store import Run, Store, open_store

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # MLflow's use of SQLAlchemy


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """A store and an MLflow database for all tests of this file: making the latter's tables takes seconds."""
    folder = tmp_path_factory.mktemp("mlflow")
    settings = load_settings({"REGLAB_HOME": str(folder / "home"), "REGLAB_RUNNER": "thread"})
    with open_store(settings) as store:
        out = folder / "out"
        deliver(add_run(store, epochs=1), "mlflow", str(out), settings=settings, store=store)
        from mlflow import MlflowClient

        yield SimpleNamespace(
            store=store, settings=settings, out=out, client=MlflowClient(f"sqlite:///{out}/mlflow.db")
        )


def exported(place: SimpleNamespace, *runs: Run) -> Delivered:
    return deliver(list(runs), "mlflow", str(place.out), settings=place.settings, store=place.store)


def found(place: SimpleNamespace, run: Run) -> Any:
    """The one MLflow run of ``run``."""
    experiment = place.client.get_experiment_by_name("RegLab")
    (one,) = place.client.search_runs([experiment.experiment_id], f"tags.`reglab.run` = '{run.id}'")
    return one


def history(place: SimpleNamespace, one: Any, name: str) -> tuple[list[int], list[float]]:
    every = sorted(place.client.get_metric_history(one.info.run_id, name), key=lambda metric: metric.step)
    return [metric.step for metric in every], [metric.value for metric in every]


def test_params_metrics_tags_and_artefacts_are_those_of_the_run(place: SimpleNamespace) -> None:
    store: Store = place.store
    lanes = store.sweep_runs(add_sweep(store, epochs=3).id)
    run = lanes[1]
    _, sha256 = store.files(run.id).save_weights({"w": np.ones(3, np.float32)})
    done = exported(place, run)
    assert done.remarks == (f"Run {run.id} is written.",)
    one = found(place, run)
    assert one.data.params["penalty.l2"] == str(run.spec.penalty.l2)
    assert (one.info.run_name, one.info.status) == (run.name, "FINISHED")
    tags = one.data.tags
    assert (tags["reglab.sweep"], tags["reglab.lane"], tags["reglab.seed"]) == (run.sweep, "1", "0")
    assert tags["reglab.versions.torch"] == "2.13.0"
    frame = store.epochs([run.id])
    for name in columns.METRICS:
        if name not in columns.SOMETIMES:
            assert history(place, one, name) == (frame[columns.EPOCH].tolist(), frame[name].tolist())
    assert history(place, one, "weights/conv1.weight/l2_norm")[0] == [0, 1, 2, 3]
    folder = Path(place.client.download_artifacts(one.info.run_id, ""))
    assert RunSpec.from_yaml((folder / "spec.yaml").read_text()) == run.spec
    assert hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest() == sha256


def test_a_second_export_changes_nothing_and_says_so(place: SimpleNamespace) -> None:
    run = add_run(place.store, epochs=2)
    exported(place, run)
    first = found(place, run)
    uri = f"sqlite:///{place.out}/mlflow.db"  # the same place in MLflow's way of writing it
    again = deliver(run, "mlflow", uri, settings=place.settings, store=place.store)
    assert again.remarks == (f"Run {run.id} is there already, and nothing has changed.",)
    assert found(place, run).to_dictionary() == first.to_dictionary()


def test_new_epochs_names_and_notes_are_added_to_the_run_that_is_there(place: SimpleNamespace) -> None:
    store: Store = place.store
    run = add_run(store, state="running", epochs=2, name="before")
    exported(place, run)
    one = found(place, run)
    assert one.info.status == "RUNNING"
    store.add_epochs([(run.id, metrics(3), [], 3)])
    store.rename(run.id, "after")
    store.set_note(run.id, "a note")
    assert exported(place, store.get(run.id)).remarks == (f"Run {run.id} is brought up to date.",)
    again = found(place, run)
    assert (again.info.run_id, again.info.run_name) == (one.info.run_id, "after")
    assert again.data.tags["mlflow.note.content"] == "a note"
    assert history(place, again, "val_loss") == ([1, 2, 3], [metrics(epoch).val_loss for epoch in (1, 2, 3)])


def test_a_run_whose_settings_have_changed_takes_the_place_of_the_one_there(place: SimpleNamespace) -> None:
    store: Store = place.store
    run = add_run(store, spec(train__epochs=2), epochs=2)
    exported(place, run)
    store.files(run.id)._make_folder()
    (store.files(run.id).folder / "checkpoint.safetensors").write_bytes(b"one")
    store.extend(run.id, 9)
    assert exported(place, store.get(run.id)).remarks == (
        f"Run {run.id} has changed and takes the place of the one there.",
    )
    assert found(place, run).data.params["train.epochs"] == "9"


def test_nan_is_kept(place: SimpleNamespace) -> None:
    run = add_run(place.store, state="diverged", epochs=[metrics(1), metrics(2, val_loss=math.nan, total=math.nan)])
    exported(place, run)
    assert math.isnan(history(place, found(place, run), "val_loss")[1][1])
    assert exported(place, run).remarks[0].endswith("nothing has changed.")


@pytest.mark.parametrize("content", ["my own work", None])
def test_a_file_that_is_not_mlflows_stays_as_it_is(content: str | None, store: Store, settings: Settings) -> None:
    """None: RegLab's own database, in which MLflow would make its tables."""
    run = add_run(store)
    file = settings.home / ("mine.db" if content else "reglab.db")
    if content:
        file.write_text(content)
    else:
        sqlite3.connect(file).execute("CREATE TABLE runs (id)").connection.close()
    before = file.read_bytes()
    with pytest.raises(ExportError, match=f"{file} exists and was not written by this export"):
        deliver(run, "mlflow", str(file), settings=settings, store=store)
    assert file.read_bytes() == before


def test_a_server_that_is_away_is_a_sentence_without_its_password(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    run = add_run(store)
    with pytest.raises(ExportError) as error:
        deliver(run, "mlflow", "http://me:secret@127.0.0.1:9/", settings=settings, store=store)
    assert "MLflow at http://127.0.0.1:9/ cannot be written" in str(error.value)
    assert "secret" not in str(error.value)
