"""Runs reach an MLflow tracking server over HTTP whole, once, and with every figure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from tests.exports.mlflow_server import Refused, Tracking, tracking
from tests.factories import add_run, metrics

from reglab import columns
from reglab.exports import ExportError, deliver
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.store import Run, Store

Send = Callable[[Run], str]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tracking]:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with tracking() as running:
        yield running


@pytest.fixture
def export(server: Tracking, store: Store, settings: Settings) -> Send:
    """``export(run)`` sends a run to the server; the remark on it."""
    return lambda run: deliver([run], "mlflow", server.url, settings=settings, store=store).remarks[0]


def steps(server: Tracking, run: str, name: str) -> list[tuple[int, float]]:
    return [(int(one["step"]), float(one["value"])) for one in server.metrics[run] if one["key"] == name]


def test_a_run_arrives_with_params_metrics_tags_and_files(
    server: Tracking, store: Store, export: Send, capsys: pytest.CaptureFixture[str]
) -> None:
    run = add_run(store, epochs=40)
    _, sha256 = store.files(run.id).save_weights({"w": np.ones(3, np.float32)})
    assert export(run) == f"Run {run.id} is written."
    assert capsys.readouterr().out == ""  # a command prints its JSON there
    ((number, there),) = server.runs.items()
    assert there["info"]["run_name"] == run.name
    assert there["info"]["status"] == "FINISHED"
    assert there["params"]["penalty.l2"] == str(run.spec.penalty.l2)
    assert there["tags"]["reglab.run"] == run.id
    frame = store.epochs([run.id])
    for name in columns.METRICS:
        if name not in columns.SOMETIMES:
            assert steps(server, number, name) == list(zip(frame[columns.EPOCH], frame[name], strict=True))
    files = {path.rpartition("/")[2]: content for path, content in server.artifacts.items()}
    assert RunSpec.from_yaml(files["spec.yaml"].decode()) == run.spec
    assert hashlib.sha256(files["weights.safetensors"]).hexdigest() == sha256
    assert server.asked.count("runs/log-batch") >= 3


def test_again_nothing_is_written_and_new_epochs_are_added(server: Tracking, store: Store, export: Send) -> None:
    run = add_run(store, state="running", epochs=2)
    export(run)
    written = len(server.asked)
    assert export(run).endswith("nothing has changed.")
    assert server.asked[written:] == ["experiments/get-by-name", "runs/search"]
    store.add_epochs([(run.id, metrics(3), [], 3)])
    assert export(store.get(run.id)) == f"Run {run.id} is brought up to date."
    (number,) = server.runs
    assert [step for step, _ in steps(server, number, "val_loss")] == [1, 2, 3]
    assert server.runs[number]["info"]["status"] == "RUNNING"


def test_nan_arrives_and_a_changed_run_takes_the_place_of_the_one_there(
    server: Tracking,
    store: Store,
    export: Send,
) -> None:
    run: Run = add_run(store, state="diverged", epochs=[metrics(1), metrics(2, val_loss=float("nan"))])
    export(run)
    (first,) = server.runs
    assert np.isnan(steps(server, first, "val_loss")[1][1])
    assert export(run).endswith("nothing has changed.")
    server.runs[first]["params"]["penalty.l2"] = "7"
    server.runs[first]["tags"]["reglab.content"] = "of other settings"
    assert export(run) == f"Run {run.id} has changed and takes the place of the one there."
    assert [one["info"]["lifecycle_stage"] for one in server.runs.values()] == ["deleted", "active"]


def test_what_the_server_refuses_is_one_sentence(
    server: Tracking, store: Store, export: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise Refused(403, "PERMISSION_DENIED", "Runs are not yours to create.")

    monkeypatch.setattr(server, "runs_create", refuse)
    with pytest.raises(ExportError, match=rf"^MLflow at {server.url} cannot be written: .*not yours to create\.$"):
        export(add_run(store, epochs=1))
