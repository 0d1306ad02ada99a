"""A newcomer's own images in a real browser, from the upload to the verdict of a sweep."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect
from tests.imports.building import encoded, zipped
from tests.live.conftest import Serve

MARKUP = "<b>wide <img src=x onerror=alert(1)>"
CLASSES = ("low", MARKUP, "edge")
SMALL = "&model.name=small_cnn&train.epochs=3&l2=0,0.1&seeds=2"


def spots(place: Path) -> Path:
    """120 images of three classes, each with a bright bar at its own height; a copy of one, and one that is cut off."""
    rng = np.random.default_rng(0)
    files = {}
    for row, name in enumerate(CLASSES):
        for number in range(40):
            image = rng.integers(0, 90, (9, 9), np.uint8)
            image[3 * row : 3 * row + 3] += 150
            files[f"spots/{name}/{number}.png"] = encoded(image)
    files["spots/low/copy.png"] = files["spots/low/0.png"]
    files["spots/edge/cut.png"] = files["spots/edge/0.png"][:-40]
    return zipped(place / "spots.zip", files)


def test_uploaded_images_come_to_a_verdict(page: Page, serve: Serve, tmp_path: Path) -> None:
    server = serve()
    page.goto(f"{server.url}/data")
    page.get_by_text("Import images").click()
    page.locator(".st-key-import_set_box input[type=file]").set_input_files(spots(tmp_path))
    page.locator(".st-key-import_set_read button").first.click()
    box = page.locator(".st-key-import_set_box")
    expect(box).to_contain_text("spots.zip: Class folders of images, 121 images of 3 classes. All are 9×9 pixels.")
    expect(box).to_contain_text("1 file cannot be used and is left out.")
    expect(box).to_contain_text("1 image is a copy of another one of its part")
    page.locator(".st-key-import_set_save button").first.click()
    expect(box).to_contain_text("spots is saved: 121 images.")
    assert [path.name for path in sorted((server.home / "data" / "imported").iterdir())] == [".lock", "spots"]
    page.locator(".st-key-import_set_see button").first.click()
    expect(page.get_by_text(MARKUP).first).to_be_visible()
    assert page.locator("b, img[src=x]").count() == 0
    page.go_back()
    page.locator(".st-key-import_set_train button").first.click()
    expect(page).to_have_url(re.compile(r"/train\?data\.name=spots"))
    page.locator(".st-key-to_sweep button").first.click()
    expect(page).to_have_url(re.compile(r"/sweep\?.*data\.name=spots"))
    page.goto(page.url + SMALL)
    expect(page.get_by_text("Start trains 2 λ₂ × 2 seeds = 4 runs of 3 epochs.")).to_be_visible()
    page.locator(".st-key-sweep_start button").first.click()
    expect(page.get_by_text("Finished 4 runs of 3 epochs")).to_be_visible()
    expect(page.get_by_text("is best")).to_be_visible()
