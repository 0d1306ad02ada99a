"""YAML 1.2 and JSON within bounds: plain scalars mean what they say, and nothing is given twice."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reglab.errors import SpecError
from reglab.spec_text import DEEPEST, LONGEST, MOST_NODES, dump, read, read_json, scalar

texts = st.text(st.characters(codec="utf-8"), max_size=12)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.dictionaries(texts, scalars | st.lists(scalars, max_size=3) | st.dictionaries(texts, scalars, max_size=3))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3), ("1E3", 1e3), (".5", 0.5), ("1.", 1.0), ("-0.5e+2", -50.0), ("12", 12), ("-3", -3), ("0", 0),
        ("0x1F", 31), ("0o17", 15), (".inf", float("inf")), ("true", True), ("False", False), ("~", None),
        ("null", None),
        ("", None), *((text, text) for text in ("010", "00", "01.5", "yes", "no", "on", "Off", "y", "1:30",
        "1_000", "0b1",
        "2024-01-01", "0,01", "1,000", "nan", "inf", "NaN", "tRUE", "e5", "1e", "=", "<<", "-", "9" * 5000)),
    ],
)  # fmt: skip
def test_plain_scalars_follow_the_core_schema(text: str, value: Any) -> None:
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


@given(values)
def test_what_is_written_is_read_back_as_yaml_1_2_and_1_1(wanted: dict[str, Any]) -> None:
    assert read(dump(wanted)) == wanted
    assert yaml.safe_load(dump(wanted)) == wanted
    assert read(json.dumps(wanted)) == wanted
    assert read_json(json.dumps(wanted, ensure_ascii=False)) == wanted


@given(st.text(max_size=60) | st.text("{}[]:,&*!|>'\"-? \n\tab1", max_size=40))
def test_no_text_does_more_than_be_read_or_refused(text: str) -> None:
    sentence = ""
    try:
        read(text)
    except SpecError as error:
        sentence = str(error)
    assert "\n" not in sentence
    assert len(sentence) < 200


def test_json_may_be_indented_by_tabs_and_has_escaped_pairs() -> None:
    assert read('{\n\t"a": "\\ud83d\\ude00"\n}') == {"a": "😀"}
    assert read('a: "\\ud83d\\ude00"') == {"a": "😀"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: 1\nb: 2\na: 3", "The spec has 'a' twice (line 3); keep one of them."),
        ("{a: 1, 'a': 2}", "The spec has 'a' twice (line 1); keep one of them."),
        ('{"a": {"b": 1, "b": 1}}', "The spec has 'b' twice; keep one of them."),
        ("a: &x [1]", "The spec has an anchor or alias (line 1); write its values out."),
        ("a: &x 1\nb: *x", "The spec has an anchor or alias (line 1); write its values out."),
        ("*x", "The spec has an anchor or alias (line 1); write its values out."),
        ("a: !!float 1", "The spec has a tag (line 1); write the value without it."),
        ("!x {}", "The spec has a tag (line 1); write the value without it."),
        ("a: 1\n---\nb: 2", "The spec has a second document (line 2); keep one of them."),
        ("[1]: 2", "The spec has a list or mapping as a key (line 1); give names."),
        ("a: [", "The spec is not valid YAML (line 1)."),
        ('{"a": NaN}', "The spec has the value NaN, which is not a number of JSON; give a finite number."),
        ('{"a": -Infinity}', "The spec has the value -Infinity, which is not a number of JSON; give a finite number."),
        ('{"a": "\\ud83d"}', "The spec has half of a surrogate pair, which is no character; remove it."),
        ('a: "\\ud83d"', "The spec is not valid YAML."),
        ('a: "\\UFFFFFFFF"', "The spec is not valid YAML."),
        ("[" * (DEEPEST + 1), f"The spec is nested more than {DEEPEST} levels deep; a spec has 3."),
        ('{"a":' * 500 + "1" + "}" * 500, f"The spec is nested more than {DEEPEST} levels deep; a spec has 3."),
        ('{"a":' * 10_000, f"The spec is nested more than {DEEPEST} levels deep; a spec has 3."),
        ("- 1\n" * MOST_NODES, f"The spec has more than the {MOST_NODES:,} values that are read; shorten it."),

        ('{"a": [' + "1," * MOST_NODES + "1]}",
         f"The spec has more than the {MOST_NODES:,} values that are read; shorten it."),
        ("#" * (LONGEST + 1), f"The spec is longer than the {LONGEST:,} characters that are read; shorten it."),
    ],
)  # fmt: skip
def test_what_leaves_the_bounds_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(SpecError) as caught:
        read(text)
    assert str(caught.value) == sentence


def test_keys_are_text_whatever_they_look_like() -> None:
    assert read("1: a\ntrue: b\n0.weight: c\n<<: d") == {"1": "a", "true": "b", "0.weight": "c", "<<": "d"}
