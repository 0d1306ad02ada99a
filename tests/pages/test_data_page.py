"""The Data page without a browser: its catalogue, its preview, the health of a dataset."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from tests.factories import add_run, spec
from tests.pages.browsing import address, again, chart, charts, errors, plain, press, prose, visit

from reglab.datasets import DATASETS, imported
from reglab.datasets._download import unfinished_folder
from reglab.datasets.dataset import Progress
from reglab.datasets.set_files import SetWriter
from reglab.errors import DataError
from reglab.jobs import Downloads
from reglab.settings import Settings
from reglab.store import Store, open_store
from reglab.ui.data import transfer


def page() -> None:
    from reglab.ui.data.page import data_page

    data_page()


def test_the_catalogue_has_every_data_set_with_its_runs(app: AppTest, store: Store) -> None:
    add_run(store, spec(data__name="synthetic"))
    again(app)
    text = plain(prose(app))
    for entry in DATASETS.entries.values():
        assert f"**{entry.label}**" in text
        assert f"Source: {entry.source}. Licence: {entry.licence}." in text
    assert "26,032 official test images" in text
    assert app.button(key="runs_synthetic").label == "1 run"
    assert "runs_digits" not in {button.key for button in app.button}
    pictures = [element.proto.body for element in app.get("html")]
    assert sum("Images of" in one for one in pictures) >= 3


def test_a_link_to_a_view_that_does_not_exist_says_so(app: AppTest) -> None:
    visit(app, view="nothing")
    assert [plain(one.value) for one in app.warning] == ["The link: view cannot be 'nothing'."]


def test_a_link_restores_the_preview_and_a_knob_changes_it(app: AppTest) -> None:
    visit(app, dataset="digits", data__train_size="300", data__label_noise="0.1", penalty__l2="0.03")
    assert metrics(app) == {"Training": "300", "Wrong labels": "30", "Validation": "431", "Test": ":material/lock: 359"}
    assert charts(app) == ["data_balance", "data_pixels"]
    assert sum(chart(app, "data_balance")["data"][1]["y"]) == 30
    app.text_input(key="preview_label_noise").set_value("0.2")
    again(app)
    assert metrics(app)["Wrong labels"] == "60"
    assert address(app) == {
        "view": "preview",
        "dataset": "digits",
        "data.train_size": "300",
        "data.label_noise": "0.2",
        "penalty.l2": "0.03",
    }
    assert "Augmented" not in prose(app)
    visit(app, dataset="digits", regularize__augment="shift")
    assert "**Augmented**" in prose(app)
    visit(app, view="health", dataset="mnist_5k")
    assert "2,800 training, 1,200 validation, 1,000 test images" in plain(prose(app))


def test_what_the_form_cannot_use_stands_below_its_field(app: AppTest) -> None:
    visit(app, dataset="digits", data__train_size="5000")
    assert "more than there are" in plain(prose(app))
    assert metrics(app) == {}


def test_images_that_are_not_here_are_not_downloaded(app: AppTest) -> None:
    for view in ("preview", "health"):
        visit(app, view=view, dataset="kmnist")
        assert "The images of KMNIST are not on this machine" in plain(app.info[0].value)


def metrics(app: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in app.metric}


def test_a_download_is_seen_cancelled_and_its_files_deleted(
    app: AppTest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go_on = threading.Event(), threading.Event()

    def bring(name: str, folder: Path, progress: Progress) -> None:
        progress("Downloading KMNIST: 9.0 of 18.2 MB, 3.0 MB/s, 3 s left", 0.5)
        began.set()
        go_on.wait()
        progress("Downloading KMNIST: 10.0 of 18.2 MB", 0.6)

    own = Downloads(bring)
    monkeypatch.setattr(transfer, "downloads", lambda: own)
    again(app)
    assert app.button(key="download_kmnist").label == "Download 18 MB"
    press(app, "download_kmnist")
    began.wait()
    again(app)
    assert "Downloading KMNIST: 9.0 of 18.2 MB, 3.0 MB/s, 3 s left." in [
        plain(p.proto.text) for p in app.get("progress")
    ]
    press(app, "cancel_kmnist")
    go_on.set()
    own.close(60)
    (unfinished_folder(settings.data, "kmnist")).mkdir(parents=True)
    part = unfinished_folder(settings.data, "kmnist") / "images.part"
    part.write_bytes(bytes(2_000_000))
    again(app)
    assert app.button(key="download_kmnist").label == "Resume, 2.0 MB are here"
    press(app, "delete_kmnist")
    assert not part.exists()
    assert app.button(key="download_kmnist").label == "Download 18 MB"
    with open_store(settings) as store:
        assert [(one.action, one.name) for one in store.audit_log(9)] == [
            ("delete data", "kmnist"), ("download data", "kmnist"),
        ]  # fmt: skip


def test_an_imported_set_is_there_like_any_other(
    app: AppTest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imported, "_places", [])
    rng = np.random.default_rng(0)
    with SetWriter(settings.data, "pets") as writer:
        for part, n in (("train", 40), ("val", 20), ("test", 10)):
            writer.add(part, rng.integers(0, 256, (n, 3, 12, 12), dtype=np.uint8), np.arange(n) % 2)  # type: ignore[arg-type]
        writer.save(label="<b>Pets</b>", classes=("*cat*", "dog"), licence="CC0", source="my cats", settings={})
    again(app)
    text = plain(prose(app))
    assert text.index("**<b>Pets</b>**") < text.index("**Digits (8×8)**")
    assert "60 images, 12 × 12 px in colour, 2 classes. 10 official test images." in text
    assert "Source: my cats. Licence: CC0." in text
    assert f"{settings.data / 'imported' / 'pets'}: " in text
    assert "download_pets" not in {button.key for button in app.button}
    press(app, "preview_pets")
    assert metrics(app)["Training"] == "42"
    visit(app, dataset="pets", data__validation="own", data__train_size="30")
    assert metrics(app) == {"Training": "30", "Wrong labels": "0", "Validation": "20", "Test": ":material/lock: 10"}
    visit(app, view="health", dataset="pets", data__validation="own")
    assert "40 training, 20 validation, 10 test images" in plain(prose(app))


def test_a_failed_download_says_why(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def bring(name: str, folder: Path, progress: Progress) -> None:
        raise DataError("There is no network.")

    own = Downloads(bring)
    monkeypatch.setattr(transfer, "downloads", lambda: own)
    own.start("mnist", Path())
    own.close(60)
    again(app)
    assert errors(app) == ["There is no network."]
