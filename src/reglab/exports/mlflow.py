"""Runs in MLflow: settings as params, every figure with its epoch as step, tags, spec and weights as artefacts.

A run is known by its tag ``reglab.run``. Exported again it is left alone where nothing has changed; new epochs and tags
are added to it; where its settings or earlier epochs have changed, which MLflow does not let anybody change, it takes
the place of the one there.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reglab.errors import clipped
from reglab.exports.csv import settings_of
from reglab.exports.entry import Delivered, Export, ExportError
from reglab.exports.series import WEIGHTS, Series, run_series, seconds_until
from reglab.exports.subject import Subject
from reglab.store import Run, Store
from reglab.store.files import BEST, LAST
from reglab.store.remote_files import without_secrets
from reglab.store.sentences import disk_error

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "RegLab"
FILE = "mlflow.db"
_SQLITE = "sqlite:///"
_RUN, _CONTENT = "reglab.run", "reglab.content"
_AT_ONCE = 1000  # metrics in one request, as many as MLflow takes
_PARAMS = 100
_LONGEST = 5_000  # characters of a tag or param
_STATUS = {"finished": "FINISHED", "failed": "FAILED", "diverged": "FAILED", "queued": "SCHEDULED"}
_TURN = threading.Lock()  # two exports of one run at once would both find it missing
_STATUS |= {"running": "RUNNING", "cancelled": "KILLED", "interrupted": "KILLED"}


def _deliver(subjects: Sequence[Subject], out: str, force: bool) -> Delivered:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # it would report each use to its makers
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # where results in JSON may be
    from mlflow import MlflowClient

    uri, artefacts = _place(out, force)
    with _TURN, _said(uri):
        client = MlflowClient(tracking_uri=uri)
        experiment = _experiment(client, artefacts)
        remarks = [_Target(client, experiment, subject).write() for subject in subjects]
    return Delivered((without_secrets(uri),), remarks=tuple(remarks))


def _place(out: str, force: bool) -> tuple[str, str | None]:
    """The tracking URI of ``out``, and where artefacts lie; None where that is the server's business.

    An SQLite URI is its file: MLflow would put artefacts into the present folder.
    """
    if "://" in out and not out.startswith(_SQLITE):
        return out, None
    path = Path(out.removeprefix(_SQLITE)).expanduser().absolute()
    file = path if path.suffix.lower() == ".db" and not path.is_dir() else path / FILE
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(file, error) from None
    if file.exists() and not _is_mlflow(file):
        if not force:
            raise ExportError(
                f"{file} exists and was not written by this export; choose another place, or add --force."
            )
        file.unlink()
    artefacts = file.parent / ("artifacts" if file.name == FILE else f"{file.stem}-artifacts")
    return f"{_SQLITE}{file}", artefacts.as_uri()


def _is_mlflow(file: Path) -> bool:
    """Whether ``file`` is an SQLite database with MLflow's tables."""
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
            query = "SELECT count(*) FROM sqlite_master WHERE name IN ('experiments', 'metrics', 'params')"
            return bool(connection.execute(query).fetchone()[0] == 3)
    except sqlite3.Error:
        return False


@contextmanager
def _said(uri: str) -> Iterator[None]:
    """What MLflow, its database or its server raise, as one sentence without passwords."""
    from mlflow.exceptions import MlflowException
    from requests.exceptions import RequestException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, RequestException, SQLAlchemyError, OSError) as error:
        text = str(error).replace(uri, without_secrets(uri)).rstrip(".")
        raise ExportError(f"MLflow at {without_secrets(uri)} cannot be written: {clipped(text)}.") from None


def _experiment(client: MlflowClient, artefacts: str | None) -> str:
    found = client.get_experiment_by_name(EXPERIMENT)
    if found is None:
        return client.create_experiment(EXPERIMENT, artefacts)
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


@dataclass(frozen=True)
class _Target:
    """A run on its way into an experiment."""

    client: MlflowClient
    experiment: str
    subject: Subject

    @property
    def run(self) -> Run:
        assert self.subject.run is not None
        return self.subject.run

    @property
    def store(self) -> Store:
        assert self.subject.store is not None
        return self.subject.store

    @cached_property
    def series(self) -> list[Series]:
        """Every figure under MLflow's name: "val_loss", "weights/l2_norm"."""
        return run_series(self.store, self.run, self.store.layers([self.run.id]))

    @cached_property
    def params(self) -> dict[str, str]:
        found = {key: value for key, value in settings_of(self.run.spec).items() if value is not None}
        return {key: _short(str(value)) for key, value in found.items()}

    @cached_property
    def tags(self) -> dict[str, str]:
        run, versions = self.run, (self.run.environment or {}).get("versions", {})
        facts: dict[str, Any] = {"run": run.id, "state": run.state, "sweep": run.sweep, "lane": run.lane}
        facts |= {"seed": run.spec.train.seed, "data_seed": run.spec.data.seed, "best_epoch": run.best_epoch}
        facts |= {"device": run.device, "threads": run.threads, "weights_sha256": run.weights_sha256}
        facts |= {"tags": ", ".join(run.tags) or None, "group": run.group, "error": run.error}
        facts |= {f"versions.{name}": version for name, version in versions.items()}
        tags = {f"reglab.{name}": _short(str(value)) for name, value in facts.items() if value is not None}
        return tags | {"mlflow.runName": run.name, "mlflow.note.content": _short(run.note)}

    @cached_property
    def content(self) -> str:
        """SHA-256 of all that is written, by which the same content is known."""
        digest = hashlib.sha256(json.dumps([self.params, self.tags], sort_keys=True).encode())
        for one in self.series:
            digest.update(one.tag.encode() + one.epochs.tobytes() + one.values.tobytes())
        return digest.hexdigest()

    def write(self) -> str:
        """Write the run; one sentence on what was done."""
        there = self._there()
        if there is None:
            self._fill(self._new(), since=-1)
            return f"Run {self.run.id} is written."
        if there.data.tags.get(_CONTENT) == self.content:
            return f"Run {self.run.id} is there already, and nothing has changed."
        last = self._last(there)
        if last is None or _CONTENT not in there.data.tags or there.data.params != self.params:
            self.client.delete_run(there.info.run_id)
            self._fill(self._new(), since=-1)
            return f"Run {self.run.id} has changed and takes the place of the one there."
        self._fill(there.info.run_id, since=last)
        return f"Run {self.run.id} is brought up to date."

    def _there(self) -> Any:
        found = self.client.search_runs([self.experiment], f"tags.`{_RUN}` = '{self.run.id}'", max_results=1)
        return found[0] if found else None

    def _last(self, there: Any) -> int | None:
        """The last epoch that is there; None where an epoch that is there is another one now."""
        history = self.client.get_metric_history(there.info.run_id, "val_loss")
        old = {metric.step: metric.value for metric in history}
        loss = next((one for one in self.series if one.name == "val_loss"), None)
        now = {} if loss is None else dict(zip(loss.epochs.tolist(), loss.values.tolist(), strict=True))
        same = all(step in now and (now[step] == value or math.isnan(value)) for step, value in old.items())
        return max(old, default=0) if same else None

    def _new(self) -> str:
        made = self.client.create_run(
            self.experiment, start_time=self._moment(0), tags={_RUN: self.run.id}, run_name=self.run.name
        )
        for some in _parts(list(self.params.items()), _PARAMS):
            self.client.log_batch(made.info.run_id, params=_entities("Param", some))
        return str(made.info.run_id)

    def _fill(self, run_id: str, since: int) -> None:
        """Add the figures of the epochs after ``since``, artefacts, tags, and at last the mark that it is whole."""
        from mlflow.entities import Metric

        metrics = [
            Metric(_name(one), value, self._moment(epoch), epoch)
            for one in self.series
            for epoch, value in zip(one.epochs.tolist(), one.values.tolist(), strict=True)
            if epoch > since
        ]
        for some in _parts(metrics, _AT_ONCE):
            self.client.log_batch(run_id, metrics=some)
        self.client.log_text(run_id, self.run.spec.to_yaml(), "spec.yaml")
        files = self.store.files(self.run.id)
        for name in (LAST, BEST):
            if files.has(name):
                self.client.log_artifact(run_id, str(files.find(files.named(name))))
        self.client.log_batch(run_id, tags=_entities("RunTag", list(self.tags.items())))
        ended = self.run.ended
        self.client.set_terminated(
            run_id, _STATUS[self.run.state], None if ended is None else int(ended.timestamp() * 1000)
        )
        self.client.set_tag(run_id, _CONTENT, self.content)

    def _moment(self, epoch: int) -> int:
        """Milliseconds since 1970 at the end of ``epoch``: the start plus the seconds of training."""
        start = (self.run.started or self.run.created).timestamp()
        return int((start + float(self._until[min(epoch, len(self._until) - 1)])) * 1000)

    @cached_property
    def _until(self) -> Any:
        return seconds_until(self.store, self.run)


def _name(series: Series) -> str:
    return series.tag if series.group.startswith(WEIGHTS) else series.name


def _entities(kind: str, pairs: Sequence[tuple[str, str]]) -> list[Any]:
    import mlflow.entities

    return [getattr(mlflow.entities, kind)(key, value) for key, value in pairs]


def _parts(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    return (list(items[start : start + size]) for start in range(0, len(items), size))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def default_place(home: Path, environ: Mapping[str, str]) -> str:
    """Where a server writes by itself: MLflow's own setting MLFLOW_TRACKING_URI, or ``mlflow/`` in the home."""
    return environ.get("MLFLOW_TRACKING_URI") or str(home / "mlflow")


ENTRY = Export(
    name="mlflow",
    label="MLflow",
    order=70,
    about="Runs with params, the figures of every epoch, tags, spec and weights, in an SQLite file or on a server. "
    "A run that is there already is brought up to date.",
    main=FILE,
    marker=b"SQLite format 3",
    make=None,
    deliver=_deliver,
    together=True,
    needs_runs=True,
    packages=("mlflow",),
)
