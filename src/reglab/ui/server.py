"""The server around the pages: opening and closing the services, warm-up, health, signals, and Plotly's script."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pandas as pd
import uvicorn
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route
from streamlit.runtime.pages_manager import PagesManager

from reglab.charts import gap_chart, loss_chart, weights_chart
from reglab.columns import EPOCH_COLUMNS, LAYER_COLUMNS
from reglab.datasets import DATASETS, load_images
from reglab.errors import RegLabError
from reglab.models import summarise
from reglab.settings import Settings
from reglab.sharing import load_sign_in
from reglab.spec import RunSpec
from reglab.ui.shared.live_chart import plotly_route
from reglab.ui.shared.services import close_services, own_services

log = logging.getLogger(__name__)
_LAST_ANSWERS = 1  # seconds that answers under way are given at the end; the rest of Docker's ten is for checkpoints


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Open the services before the first visitor; on shutdown, checkpoint every run that is training.

    A store that cannot be opened does not keep the server down: each page says why, and opens it once it can.
    """
    # Streamlit takes a folder named pages for its older kind of app until the first st.navigation; without this line
    # the first visitor of a fresh server who follows a link to a page reads that the page does not exist.
    PagesManager.uses_pages_directory = False
    warming = None
    try:
        opened = await to_thread.run_sync(own_services)
        warming = threading.Thread(target=warm_up, args=(opened.settings,), name="reglab-warm-up", daemon=True)
        warming.start()
    except RegLabError as error:
        log.error("%s", error)
    bound_last_answers()
    with hangup_ends():  # to the end: system and shell may send SIGHUP one after the other
        try:
            yield
        finally:
            await to_thread.run_sync(close_services)
            if warming is not None:
                await to_thread.run_sync(warming.join, 2.0)


def warm_up(settings: Settings) -> None:
    """Import and fill what the first visitor would wait for, about two seconds: torch, Plotly, the default data set."""
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


def bound_last_answers() -> None:
    """Have the server leave although a visitor does not read the answer that is being sent to them.

    uvicorn waits for every answer without limit, and only then ends the lifespan, in which runs are checkpointed.
    Streamlit makes the server and takes no such setting, so it is found as the owner of SIGTERM's handler.
    """
    owner = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if isinstance(owner, uvicorn.Server):
        owner.config.timeout_graceful_shutdown = _LAST_ANSWERS


@contextmanager
def hangup_ends() -> Iterator[None]:
    """Have SIGHUP, which a closed terminal sends, end the server as SIGTERM does; nohup still protects from it."""
    hangup = getattr(signal, "SIGHUP", None)  # absent on Windows
    main = threading.current_thread() is threading.main_thread()
    if hangup is None or not main or signal.getsignal(hangup) is signal.SIG_IGN:
        yield
        return
    before = signal.signal(hangup, lambda number, frame: signal.raise_signal(signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(hangup, before)


def routes() -> list[BaseRoute]:
    """Our own addresses; Streamlit adds its own."""
    return [Route("/api/health", health), plotly_route()]


def health(_request: Request) -> JSONResponse:
    """200 while queued runs are taken up and their results are recorded, else 503, without sign-in with the reason."""
    reason = trouble()
    shown = reason if load_sign_in() is None else None  # it may name folders, which visitors need not know
    return JSONResponse({"status": "failing" if reason else "ok", "reason": shown}, status_code=503 if reason else 200)


def trouble() -> str | None:
    """Why runs cannot be trained or recorded now; ``None`` where they can."""
    try:
        opened = own_services()
        reason = opened.runner.trouble()  # first, because it never waits for the store
        if reason is None:
            opened.store.check()
    except RegLabError as error:
        return str(error)
    return reason
