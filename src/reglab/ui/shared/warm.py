"""What the first visitor and the first run would otherwise wait for, done while nobody waits: about two seconds."""

from __future__ import annotations

import logging

import pandas as pd

from reglab.charts import gap_chart, loss_chart, weights_chart
from reglab.columns import EPOCH_COLUMNS, LAYER_COLUMNS
from reglab.datasets import DATASETS, load_images
from reglab.errors import RegLabError
from reglab.models import summarise
from reglab.settings import Settings
from reglab.spec import RunSpec

log = logging.getLogger(__name__)


def warm_up(settings: Settings) -> None:
    """Import and fill what loads on first use: shapes without numbers in torch, Plotly, the default data set."""
    usual = RunSpec()
    entry = DATASETS.get(usual.data.name)
    try:
        summarise(usual.model, entry.shape, len(entry.classes))
        epochs, layers = pd.DataFrame(columns=list(EPOCH_COLUMNS)), pd.DataFrame(columns=list(LAYER_COLUMNS))
        for figure in (loss_chart(epochs, {}), gap_chart(epochs, {}), weights_chart(layers, {})):
            figure.to_json(engine="orjson")
        load_images(usual.data.name, settings.data)
    except RegLabError as error:
        log.warning("Not prepared in advance: %s", error)
