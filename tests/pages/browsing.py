"""What a browser does to the query of a page that runs without one."""

from __future__ import annotations

from functools import partial
from unittest.mock import patch

from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.testing.v1 import AppTest


def go_back(app: AppTest, **query: str) -> AppTest:
    """Run the page as Back or Forward to ``query`` does; ``__`` stands for the dot."""
    marked = partial(RerunData, is_history_navigation=True)
    with patch("streamlit.testing.v1.local_script_runner.RerunData", marked):
        return lag(app, **query)


def lag(app: AppTest, **query: str) -> AppTest:
    """Run the page for a message that the browser sent while it had ``query``, with the fields as they are set."""
    app.query_params = {key.replace("__", "."): value for key, value in query.items()}
    app.run()
    assert not app.exception
    return app
