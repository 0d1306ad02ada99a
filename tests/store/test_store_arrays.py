"""Arrays and facts as safetensors bytes: every bit comes back, and a changed bit is noticed."""

from __future__ import annotations

import hashlib
import json
import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from reglab.errors import CheckpointError
from reglab.events import Checkpoint
from reglab.store.arrays import (
    HEADER_CAP,
    decode,
    decode_checkpoint,
    encode_checkpoint,
    encode_weights,
    from_json,
    to_json,
)

KINDS = ("float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "uint64", "bool")
arrays = hnp.arrays(
    st.sampled_from([np.dtype(kind) for kind in KINDS]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(lambda n: n != "__metadata__")
CHECKPOINT = Checkpoint({"model/w": np.arange(12.0).reshape(3, 4), "step": np.array(3)}, {"epoch": 2, "best": math.inf})


def equal_bits(a: NDArray[Any], b: NDArray[Any]) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@settings(max_examples=60)
@given(st.dictionaries(names, arrays, max_size=4), st.dictionaries(st.text(max_size=5), json_like, max_size=3))
def test_a_checkpoint_comes_back_bit_for_bit(values: dict[str, NDArray[Any]], facts: dict[str, Any]) -> None:
    back = decode_checkpoint(encode_checkpoint(Checkpoint(values, facts)))
    assert back.arrays.keys() == values.keys()
    assert all(equal_bits(back.arrays[name], values[name]) for name in values)
    assert all(array.flags.writeable and array.flags.owndata for array in back.arrays.values())
    assert repr(back.facts) == repr(facts)


@settings(max_examples=150)
@given(st.data())
def test_a_checkpoint_with_any_bit_changed_or_any_byte_missing_is_refused(data: st.DataObject) -> None:
    whole = encode_checkpoint(CHECKPOINT)
    place = data.draw(st.integers(0, len(whole) - 1))
    flipped = bytearray(whole)
    flipped[place] ^= 1 << data.draw(st.integers(0, 7))
    for damaged in (bytes(flipped), whole[:place], whole + whole[place:]):
        with pytest.raises(CheckpointError):
            decode_checkpoint(damaged)


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_random_bytes_are_refused(data: bytes) -> None:
    for text in (data, len(data).to_bytes(8, "little") + data):
        with pytest.raises(CheckpointError):
            decode_checkpoint(text)


@pytest.mark.parametrize(
    "header",
    [
        b"[]", b"{", b"[" * 100_000, b'{"__metadata__": {"reglab": "{}"}}', b'{"__metadata__": {"reglab": 3}}',
        b'{"w": {"dtype": "F64", "shape": [1000000000, 1000000000], "data_offsets": [0, 8]}}',
        b'{"w": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 8]}}',
        b'{"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 80]}}',
        b'{"w": {"dtype": "BF16", "shape": [4], "data_offsets": [0, 8]}}',
    ],
)  # fmt: skip
def test_lying_headers_are_refused(header: bytes) -> None:
    with pytest.raises(CheckpointError):
        decode_checkpoint(len(header).to_bytes(8, "little") + header + bytes(8))


def test_a_header_larger_than_the_cap_is_refused_before_it_is_read() -> None:
    size = HEADER_CAP + 8
    padded = size.to_bytes(8, "little") + b"{}".ljust(size) + bytes(8)
    with pytest.raises(CheckpointError, match="not a whole safetensors file"):
        decode(padded)


def test_a_pickle_is_refused_and_not_executed() -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return pytest.fail, ("A pickle was executed.",)

    with pytest.raises(CheckpointError):
        decode(pickle.dumps(Bomb()))


def test_equal_weights_make_equal_bytes() -> None:
    weights = {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.float32(1) * np.ones(3, dtype=np.float32)}
    other_order = {name: weights[name] for name in ("a", "b")}
    strided = {"a": weights["a"], "b": np.asfortranarray(weights["b"])}
    big_endian = {name: array.astype(">f4") for name, array in weights.items()}
    texts = {encode_weights(some) for some in (weights, other_order, strided, big_endian)}
    assert len(texts) == 1
    header = texts.pop()
    assert "__metadata__" not in json.loads(header[8 : 8 + int.from_bytes(header[:8], "little")])


def test_the_bytes_of_weights_are_the_same_on_every_machine() -> None:
    data = encode_weights({"w": np.arange(3, dtype=np.float32)})
    header = b'{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}'
    header = header.ljust(-(-len(header) // 8) * 8)
    assert data == len(header).to_bytes(8, "little") + header + np.arange(3, dtype="<f4").tobytes()
    assert hashlib.sha256(data).hexdigest() == hashlib.sha256(encode_weights(decode(data))).hexdigest()


@pytest.mark.parametrize("array", [np.array([object()]), np.array(["text"]), np.array([1], dtype="datetime64[s]")])
def test_arrays_that_are_no_numbers_are_refused_in_a_sentence(array: NDArray[Any]) -> None:
    with pytest.raises(CheckpointError, match=r"^These arrays cannot be stored as safetensors: .*\.$"):
        encode_weights({"w": array})


@given(json_like)
def test_facts_are_strict_json_with_every_float(value: Any) -> None:
    text = to_json(value)
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert repr(from_json(text)) == repr(value)


def test_facts_may_hold_numpy_numbers_and_tuples() -> None:
    facts = {"a": np.float32(0.5), "b": np.int64(2**62), "c": (1, np.float64("nan")), "d": np.bool_(True), 3: None}
    assert repr(from_json(to_json(facts))) == repr({"a": 0.5, "b": 2**62, "c": [1, math.nan], "d": True, "3": None})


def test_facts_that_are_no_json_are_refused_in_a_sentence() -> None:
    with pytest.raises(CheckpointError, match="facts"):
        encode_checkpoint(Checkpoint({}, {"a": object()}))
