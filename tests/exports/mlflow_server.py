"""A small MLflow tracking server on 127.0.0.1: the REST endpoints that the export uses, in memory.

Messages are those of MLflow's REST API 2.0. As the real server does, it refuses a param that changes and batches beyond
its limits, answers RESOURCE_DOES_NOT_EXIST for what is missing, and takes artefacts by PUT.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import uuid4

API, ARTIFACTS = "/api/2.0/mlflow/", "/api/2.0/mlflow-artifacts/artifacts/"
Message = dict[str, Any]


class Refused(Exception):
    """A status, an error code of MLflow, and a sentence."""


@dataclass
class Tracking:
    """What a server holds: ``runs`` by id, ``metrics`` by run, ``artifacts`` by path; ``asked``: every call."""

    url: str = ""
    experiments: dict[str, Message] = field(default_factory=dict)
    runs: dict[str, Message] = field(default_factory=dict)
    metrics: dict[str, list[Message]] = field(default_factory=dict)
    artifacts: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def answer(self, endpoint: str, given: Message) -> Message:
        """The answer to a call; :class:`Refused` where MLflow would answer with an error."""
        self.asked.append(endpoint)
        found: Message = getattr(self, endpoint.replace("/", "_").replace("-", "_"))(given)
        return found

    def experiments_get_by_name(self, given: Message) -> Message:
        return {"experiment": _found(self.experiments, given["experiment_name"])}

    def experiments_create(self, given: Message) -> Message:
        number = str(len(self.experiments) + 1)
        place = f"mlflow-artifacts:/{number}"
        one = {"experiment_id": number, "name": given["name"], "lifecycle_stage": "active", "artifact_location": place}
        self.experiments[given["name"]] = one
        return {"experiment_id": number}

    def runs_create(self, given: Message) -> Message:
        run = uuid4().hex  # clients keep the place of artefacts of a run by its id
        info = {"run_id": run, "run_uuid": run, "experiment_id": given["experiment_id"], "status": "RUNNING"}
        info |= {"run_name": given["run_name"], "start_time": given["start_time"], "lifecycle_stage": "active"}
        info |= {"artifact_uri": f"mlflow-artifacts:/{given['experiment_id']}/{run}/artifacts"}
        self.runs[run] = {"info": info, "params": {}, "tags": {one["key"]: one["value"] for one in given["tags"]}}
        self.metrics[run] = []
        return {"run": self._shown(run)}

    def runs_get(self, given: Message) -> Message:
        return {"run": self._shown(given["run_id"])}

    def runs_search(self, given: Message) -> Message:
        name, _, value = given["filter"].removeprefix("tags.`").partition("` = ")
        active = [run for run, one in self.runs.items() if one["info"]["lifecycle_stage"] == "active"]
        found = [run for run in active if self.runs[run]["tags"].get(name) == value.strip("'")]
        return {"runs": [self._shown(run) for run in found[: given["max_results"]]]}

    def runs_log_batch(self, given: Message) -> Message:
        sizes = [len(given.get(kind, [])) for kind in ("metrics", "params", "tags")]
        if sizes[0] > 1000 or max(sizes[1:]) > 100 or sum(sizes) > 1000:
            raise Refused(400, "INVALID_PARAMETER_VALUE", "A batch is too large.")
        run = _found(self.runs, given["run_id"])
        for one in given.get("params", []):
            if run["params"].setdefault(one["key"], one["value"]) != one["value"]:
                raise Refused(400, "INVALID_PARAMETER_VALUE", f"Changing param {one['key']} is not allowed.")
        run["tags"] |= {one["key"]: one["value"] for one in given.get("tags", [])}
        self.metrics[given["run_id"]] += given.get("metrics", [])
        return {}

    def runs_set_tag(self, given: Message) -> Message:
        _found(self.runs, given["run_id"])["tags"][given["key"]] = given["value"]
        return {}

    def runs_update(self, given: Message) -> Message:
        info = _found(self.runs, given["run_id"])["info"]
        info |= {key: given[key] for key in ("status", "end_time", "run_name") if key in given}
        return {"run_info": info}

    def runs_delete(self, given: Message) -> Message:
        _found(self.runs, given["run_id"])["info"]["lifecycle_stage"] = "deleted"
        return {}

    def metrics_get_history(self, given: Message) -> Message:
        return {"metrics": [one for one in self.metrics[given["run_id"]] if one["key"] == given["metric_key"]]}

    def _shown(self, run: str) -> Message:
        one = _found(self.runs, run)
        pairs = {
            kind: [{"key": key, "value": value} for key, value in one[kind].items()] for kind in ("params", "tags")
        }
        return {"info": one["info"], "data": {**pairs, "metrics": []}}


def _found(among: dict[str, Message], name: str) -> Message:
    if name not in among:
        raise Refused(404, "RESOURCE_DOES_NOT_EXIST", f"Nothing is called {name}.")
    return among[name]


@contextmanager
def tracking() -> Iterator[Tracking]:
    """A server until the block ends."""
    server, held = ThreadingHTTPServer(("127.0.0.1", 0), _Handler), Tracking()
    server.held = held  # type: ignore[attr-defined]
    held.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield held
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        self._answer(json.loads(self._body()))

    def do_PUT(self) -> None:
        held: Tracking = self.server.held  # type: ignore[attr-defined]
        held.artifacts[unquote(self.path).removeprefix(ARTIFACTS)] = self._body()
        self._send(200, {})

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _answer(self, given: Message) -> None:
        held: Tracking = self.server.held  # type: ignore[attr-defined]
        try:
            self._send(200, held.answer(urlsplit(self.path).path.removeprefix(API), given))
        except Refused as refused:
            status, code, sentence = refused.args
            self._send(status, {"error_code": code, "message": sentence})

    def _send(self, status: int, message: Message) -> None:
        body = json.dumps(message).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""
