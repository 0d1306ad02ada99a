"""The trained CNN as ONNX: pixels (N, C, H, W) float32 in [0, 1] → logits and probabilities (N, classes) float32.

The normalisation with the figures of the run's training images is part of the graph. N is free. What RegLab knows of
the run is in the model's metadata under names that begin with "reglab.".
"""

from __future__ import annotations

import importlib.util
import json
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from reglab import __version__
from reglab.datasets import DATASETS
from reglab.errors import CheckpointError
from reglab.exports.entry import Bundle, Export, ExportError
from reglab.exports.onnx_graph import Graph, NoOperator, add_network
from reglab.exports.subject import Subject
from reglab.models import Shape, build

OPSET = 18
"""Version of ONNX's operators, which every onnxruntime since 1.14 has."""

INPUT, LOGITS, PROBABILITIES = "pixels", "logits", "probabilities"
_IR = 10  # version of the file format: that of onnxruntime 1.18 and newer


def _make(subjects: Sequence[Subject], main: str, _prefix: str) -> Bundle:
    (subject,) = subjects
    import onnx

    split = subject.split
    proto = model_proto(_network(subject), split.shape, len(split.classes), split.mean, split.std)
    proto.producer_name, proto.producer_version = "reglab", __version__
    for name, value in _metadata(subject).items():
        proto.metadata_props.add(key=f"reglab.{name}", value=value)
    onnx.checker.check_model(proto)
    wide = subject.spec.train.precision == "float64"
    note = ("The run has float64 weights, and onnxruntime's convolutions are float32.",) if wide else ()
    return Bundle({main: proto.SerializeToString(deterministic=True)}, note)


def _check(subject: Subject) -> None:
    """Raise where weights or images are missing."""
    _ = subject.trained, subject.split


def _network(subject: Subject) -> nn.Module:
    """The trained network in float32, in eval mode."""
    split, spec = subject.split, subject.spec
    model = build(spec.model, split.shape, len(split.classes), spec.train.seed)
    try:
        weights = {name: torch.from_numpy(np.array(array)) for name, array in subject.trained.weights.items()}
        model.load_state_dict(weights)
    except (RuntimeError, TypeError):
        raise CheckpointError("The weights are not those of this CNN and dataset.") from None
    return model.float().eval()


def model_proto(model: nn.Module, shape: Shape, classes: int, mean: Tensor, std: Tensor) -> Any:
    """ONNX's ModelProto of ``model`` for pixels that are normalised with ``mean`` and ``std`` (C,).

    :raises ExportError: a layer has no operator, and PyTorch's exporter has none either or is not installed.
    """
    try:
        return _translated(model, shape, classes, mean, std)
    except NoOperator as missing:
        if importlib.util.find_spec("onnxscript") is None:
            sentence = f"This CNN has {missing}, which only PyTorch's exporter knows: pip install onnxscript."
            raise ExportError(sentence) from None
        return _exported(_OfPixels(model, mean, std).eval(), shape)


def _translated(model: nn.Module, shape: Shape, classes: int, mean: Tensor, std: Tensor) -> Any:
    from onnx import TensorProto, helper

    graph = Graph()
    centred = graph.add("Sub", [INPUT, graph.weight("pixels.mean", mean[:, None, None])], "centred")
    normalised = graph.add("Div", [centred, graph.weight("pixels.std", std[:, None, None])], "normalised")
    add_network(graph, model, shape, normalised, LOGITS)
    graph.add("Softmax", [LOGITS], PROBABILITIES, axis=1)

    def value(name: str, *sizes: int) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *sizes])

    outputs = [value(LOGITS, classes), value(PROBABILITIES, classes)]
    made = helper.make_graph(graph.nodes, "reglab", [value(INPUT, *shape)], outputs, graph.weights)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=_IR)


class _OfPixels(nn.Module):
    """The network with its run's normalisation in front, and probabilities beside the logits."""

    mean: Tensor
    std: Tensor

    def __init__(self, model: nn.Module, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("mean", mean[:, None, None])
        self.register_buffer("std", std[:, None, None])

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.model((pixels - self.mean) / self.std)
        return logits, logits.softmax(1)


def _exported(network: nn.Module, shape: Shape) -> Any:
    """What PyTorch's exporter makes of the network.

    :raises ExportError: its forward pass cannot be followed.
    """
    batch = {"pixels": {0: torch.export.Dim("batch", min=1)}}
    with _quiet():
        try:
            program = torch.onnx.export(
                network, (torch.zeros(2, *shape),), dynamo=True, opset_version=OPSET, verbose=False,
                input_names=[INPUT], output_names=[LOGITS, PROBABILITIES], dynamic_shapes=batch, external_data=False,
            )  # fmt: skip
        except torch.onnx.errors.OnnxExporterError as error:
            reason = str(error).splitlines()[0].rstrip(".")
            raise ExportError(f"PyTorch's exporter cannot write this CNN as ONNX: {reason}.") from None
    assert program is not None
    proto = program.model_proto  # another one at each look
    _forget_paths(proto)
    return proto


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's remarks about itself."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def _forget_paths(proto: Any) -> None:
    """Remove the places in this machine's files that the exporter notes for each operator."""
    graph = proto.graph
    for part in (proto, graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""


def _metadata(subject: Subject) -> Mapping[str, str]:
    run, trained, spec = subject.run, subject.trained, subject.spec
    assert run is not None
    entry, shape = DATASETS.get(spec.data.name), ", ".join(map(str, subject.split.shape))
    resized = f"resized from {', '.join(map(str, entry.shape))} by PIL's bilinear filter, " if spec.data.resize else ""
    facts = {
        "run": run.id,
        "name": run.name,
        "epoch": str(trained.epoch),
        "weights": trained.which,
        "weights_sha256": trained.sha256,
        "dataset": spec.data.name,
        "model": spec.model.name,
        "classes": json.dumps(list(subject.split.classes)),
        "input": f"{INPUT} (N, {shape}): float32 in [0, 1], {resized}not normalised; N is free",
        "output": f"{LOGITS} and {PROBABILITIES} (N, {len(entry.classes)})",
        "opset": str(OPSET),
        "spec": spec.to_yaml(),
    }
    return facts | {f"penalty.{key}": repr(value) for key, value in spec.penalty.strengths.items()}


ENTRY = Export(
    name="onnx",
    label="ONNX",
    order=80,
    about="The trained CNN with its normalisation, for onnxruntime and others: float pixels in [0, 1] in, "
    "logits and probabilities out.",
    main="model.onnx",
    marker=b"reglab.weights_sha256",
    make=_make,
    needs_runs=True,
    options=frozenset({"weights"}),
    packages=("onnx",),
    check=_check,
)
