"""CSV for spreadsheets: a byte order mark, exact numbers, and no text that would be computed."""

from __future__ import annotations

import csv
import io
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import add_run, metrics

from reglab.exports.csv import csv_bytes
from reglab.exports.exporting import export
from reglab.settings import Settings
from reglab.store import Store

FORMULAS = ("=", "+", "-", "−", "@", "\t", "\r", "＝", "＋", "－", "＠")


def cells(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('=HYPERLINK("http://evil.example")', '\'=HYPERLINK("http://evil.example")'),
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("−1", "'−1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("  =1", "'  =1"),
        ("a;=1", "a;'=1"),
        ("a\n=1", "a\n'=1"),
        ("λ₂ 0.03 · digits", "λ₂ 0.03 · digits"),
        ("a=1, b+c-d", "a=1, b+c-d"),
        ("", ""),
    ],
)
def test_text_that_a_spreadsheet_would_compute_gets_an_apostrophe(text: str, written: str) -> None:
    assert cells(csv_bytes(pd.DataFrame({"name": [text], "n": [1]})))[1][0] == written


@given(st.text(st.characters(codec="utf-8")))
def test_no_cell_of_any_text_begins_like_a_formula(text: str) -> None:
    data = csv_bytes(pd.DataFrame({"n": [1], "name": pd.Series([text], dtype=object)}))
    for separator in ",;\t":
        for line in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=separator):
            assert not any(cell.lstrip(" \u00a0").startswith(FORMULAS) for cell in line)


def test_numbers_are_exact_and_missing_ones_empty() -> None:
    table = pd.DataFrame(
        {"loss": [-1 / 3, math.nan, -math.inf], "known": [0.1, math.nan, -2.0], "n": pd.array([-1, None, 3], "Int64")}
    )
    assert cells(csv_bytes(table, figures=["loss"])) == [
        ["loss", "known", "n"], [repr(-1 / 3), "0.1", "-1"], ["nan", "", ""], ["-inf", "-2.0", "3"],
    ]  # fmt: skip


def test_a_table_without_rows_is_its_head() -> None:
    assert csv_bytes(pd.DataFrame({"λ₂": [], "=b": []})) == "\ufeffλ₂,'=b\n".encode()


def test_the_export_is_written_so(settings: Settings, store: Store) -> None:
    run = add_run(store, name="=cmd|'x'!A1", epochs=[metrics(1, gap_loss=-0.25)])
    files = export([run], "csv", settings=settings, store=store).files
    head, row = cells(files["epochs.csv"])
    found = dict(zip(head, row, strict=True))
    assert files["epochs.csv"].startswith("\ufeffrun".encode())
    assert (found["name"], found["gap_loss"], found["train.patience"]) == ("'=cmd|'x'!A1", "-0.25", "0")
