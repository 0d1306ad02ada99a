"""The Export button: what it offers for a run and for the form, what it shows, what it gives, and its errors."""

from __future__ import annotations

import io
import zipfile

import pytest
from streamlit.testing.v1 import AppTest
from tests.factories import add_run, add_sweep
from tests.pages.browsing import again, plain
from tests.pages.browsing import train_page as page
from tests.patience import PATIENCE

from reglab.exports import EXPORTS, Subject, download, export, show
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.store import Run, Store

__all__ = ["page"]  # which the fixture ``app`` runs


def opened(app: AppTest, key: str) -> AppTest:
    """The page with the popover ``key`` open, as a press on it would leave it."""
    app.session_state[key] = True
    return again(app)


def choose(app: AppTest, key: str, name: str) -> AppTest:
    app.segmented_control(key=key).set_value(name)
    return again(app)


def scripts(app: AppTest) -> list[str]:
    return [code.value for code in app.code]


def downloads(app: AppTest) -> list[str]:
    """The keys of the panel's downloads; the page has others."""
    return [button.key for button in app.get("download_button") if button.key and "export" in button.key]


@pytest.fixture
def run(store: Store, settings: Settings) -> Run:
    """A finished run with its initial weights."""
    made = add_run(store, RunSpec(), epochs=30)
    for name in ("initial", "weights"):
        store.files(made.id).save_weights(Subject(RunSpec(), settings).initial, name)
    return made


def test_the_form_shows_the_script_of_its_present_settings(app: AppTest, settings: Settings) -> None:
    again(app)
    assert scripts(app) == []  # closed: nothing is made
    opened(app, "export_form")
    assert app.segmented_control(key="export_form_format").options == ["PyTorch", "Keras", "YAML"]
    shown = show(RunSpec.fresh(), "pytorch", settings=settings)
    assert shown is not None
    assert scripts(app) == [shown.files["train.py"].decode().strip()]
    app.text_input(key="l2").set_value("0.03")
    again(app)
    assert "L2 = 0.03" in scripts(app)[0]
    choose(app, "export_form_format", "yaml")
    assert RunSpec.from_yaml(scripts(app)[0]).penalty.l2 == 0.03


def test_the_form_says_where_keras_is_not_exact(app: AppTest) -> None:
    opened(app, "export_form")
    assert not [w for w in app.warning if "Not exact" in w.value]
    choose(app, "export_form_format", "keras")
    (said,) = [plain(w.value) for w in app.warning if "Not exact" in w.value]
    assert "Adam divides" in said


def test_a_form_that_cannot_be_trained_has_nothing_to_export(app: AppTest) -> None:
    again(app)
    assert app.get("popover") is not None
    app.number_input(key="batch_size").set_value(401)
    opened(app, "export_form")
    assert scripts(app) == []
    assert "export_form_format" not in [control.key for control in app.segmented_control]


def test_a_run_offers_every_format_and_a_download(app: AppTest, run: Run) -> None:
    app.query_params = {"run": run.id}
    opened(app, "export_run")
    control = app.segmented_control(key="export_run_format")
    assert control.options == [entry.label for entry in EXPORTS.entries.values()]
    assert f"from run {run.id}" in scripts(app)[-1]
    for entry in EXPORTS.entries.values():
        choose(app, "export_run_format", entry.name)
        assert len([c for c in scripts(app) if "RegLab" in c]) == (0 if entry.needs_runs else 1)
        if entry.make is None:
            assert app.button(key="export_run_deliver").label == "Write to MLflow"
        else:
            assert downloads(app) == ["export_run_download"]


def sweep_panel() -> None:
    """The panel of a sweep alone."""
    import streamlit as st

    from reglab.ui.shared.export_panel import export_panel
    from reglab.ui.shared.services import services

    export_panel(lambda: services().store.sweep_runs(st.session_state["sweep"]), "sweep_export")


@pytest.mark.usefixtures("app")
def test_a_sweep_offers_what_its_runs_share(store: Store) -> None:
    app = AppTest.from_function(sweep_panel, default_timeout=PATIENCE)
    app.session_state["sweep"] = add_sweep(store, epochs=1).id
    opened(app, "sweep_export")
    control = app.segmented_control(key="sweep_export_format")
    assert control.options == [entry.label for entry in EXPORTS.entries.values() if entry.together]
    for entry in (entry for entry in EXPORTS.entries.values() if entry.together and entry.make):
        choose(app, "sweep_export_format", entry.name)
        assert downloads(app) == ["sweep_export_download"]


def test_a_run_without_its_initial_weights_says_so_in_the_panel(app: AppTest, store: Store) -> None:
    lost = add_run(store)
    app.query_params = {"run": lost.id}
    opened(app, "export_run")
    assert any(f"The initial weights of run {lost.id} are missing" in plain(error.value) for error in app.error)
    choose(app, "export_run_format", "csv")
    assert not app.error


def test_a_run_without_an_epoch_has_no_table_yet(app: AppTest, store: Store) -> None:
    waiting = add_run(store, state="queued")
    app.query_params = {"run": waiting.id}
    opened(app, "export_run")
    choose(app, "export_run_format", "csv")
    assert any("no epoch yet" in info.value for info in app.info)
    assert downloads(app) == []


def test_a_download_is_one_file_or_an_archive(settings: Settings) -> None:
    bundle = export(RunSpec(), "pytorch", settings=settings)
    name, data = download(bundle, "reglab-x-pytorch")
    assert (name, data) == ("reglab-x-pytorch.zip", download(bundle, "reglab-x-pytorch")[1])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {n: archive.read(n) for n in archive.namelist()} == {
            f"reglab-x-pytorch/{file}": content for file, content in bundle.files.items()
        }
    spec = export(RunSpec(), "yaml", settings=settings)
    assert download(spec, "s") == ("s.yaml", spec.files["spec.yaml"])
