"""Same seed, same weights: alone and beside three others, twenty times of twenty."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from tests.jobs.running import SMALL, settings_in, wait_until, work

from reglab.jobs import Runner
from reglab.store import open_store

MODELS = ("dense_784", "simple_cnn", "keras_cnn", "lenet5", "vgg_small")
SPECS = [
    SMALL.with_changes(
        {"model.name": model, "model.batch_norm": model == "vgg_small", "train.seed": seed, "train.epochs": 2}
    )
    for model in MODELS
    for seed in range(4)
]


def test_twenty_of_twenty_runs_beside_three_others_have_the_weights_they_have_alone(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "home", REGLAB_SLOTS="4")
    with open_store(settings) as store:
        alone = [work(store, settings, spec).weights_sha256 for spec in SPECS]
        assert len(set(alone)) == len(SPECS) == 20
        with closing(Runner(store, settings)) as runner:
            ids = [runner.submit(spec).id for spec in SPECS]
            wait_until(lambda: all(store.get(i).state == "finished" for i in ids), "twenty runs", seconds=200)
        assert [store.get(run_id).weights_sha256 for run_id in ids] == alone
