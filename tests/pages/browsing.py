"""What tests of pages do without a browser: open, press, fill, go back; and what the page then says.

``__`` in the name of a query parameter stands for the dot.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any
from unittest.mock import patch

import orjson
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.testing.v1 import AppTest

from reglab.ui.shared.spec_fields import WIDGETS


def train_page() -> None:
    """The Train page alone, without the frame."""
    from reglab.ui.train.page import train_page

    train_page()


def values(app: AppTest) -> dict[str, Any]:
    """What the fields of a spec's form hold."""
    return {key: app.session_state[key] for key in WIDGETS.values()}


def visit(app: AppTest, **query: str) -> AppTest:
    """Open the page with these parameters."""
    app.query_params = {key.replace("__", "."): value for key, value in query.items()}
    return again(app)


def again(app: AppTest) -> AppTest:
    """Run the page again; nothing on it may have failed."""
    app.run()
    assert not app.exception
    return app


def press(app: AppTest, key: str) -> AppTest:
    """Press the button ``key``."""
    app.button(key=key).click()
    return again(app)


def fill(app: AppTest, key: str, value: int | str | None) -> None:
    """Set a field without running the page: text in a text field, a whole number in a number field."""
    if isinstance(value, str):
        app.text_input(key=key).set_value(value)
    else:
        app.number_input(key=key).set_value(value)


def lag(app: AppTest, **query: str) -> AppTest:
    """Run the page for a message that the browser sent while it had ``query``, with the fields as they are set."""
    return visit(app, **query)


def go_back(app: AppTest, **query: str) -> AppTest:
    """Run the page as Back or Forward to ``query`` does."""
    marked = partial(RerunData, is_history_navigation=True)
    with patch("streamlit.testing.v1.local_script_runner.RerunData", marked):
        return visit(app, **query)


def press_in_a_fragment_that_is_gone(app: AppTest, key: str) -> AppTest:
    """Press a button that the browser still shows although the page has been drawn anew since."""
    gone = partial(RerunData, fragment_id_queue=["gone"])
    app.button(key=key).click()
    with patch("streamlit.testing.v1.local_script_runner.RerunData", gone):
        return again(app)


def address(app: AppTest) -> dict[str, str]:
    """The parameters in the address bar."""
    return {key: value if isinstance(value, str) else value[0] for key, value in app.query_params.items()}


def below_fields(app: AppTest) -> list[str]:
    """The sentences below fields that cannot be used."""
    texts = [plain(one.value) for one in app.markdown if one.value.startswith(":red[:small[")]
    return [text.removeprefix(":red[:small[").removesuffix("]]") for text in texts]


def charts(app: AppTest) -> list[str]:
    """Keys of the charts on the page."""
    return [str(one.key) for one in app.get("bidi_component") if one.proto.component_name == "reglab_live_chart"]


def chart(app: AppTest, key: str) -> dict[str, Any]:
    """The figure that the browser gets for the one chart whose key begins with ``key``."""
    (found,) = (element for element in app.get("bidi_component") if (element.key or "").startswith(key))
    sent: dict[str, Any] = orjson.loads(found.proto.bytes)["figure"]
    return sent


def errors(app: AppTest) -> list[str]:
    """Every error on the page."""
    return [plain(error.value) for error in app.error]


def warnings(app: AppTest) -> str:
    """Every warning on the page."""
    return "\n".join(plain(warning.value) for warning in app.warning)


def prose(app: AppTest) -> str:
    """Markdown and captions of the page."""
    return "\n".join(str(element.value) for element in (*app.markdown, *app.caption))


def plain(text: str) -> str:
    """``text`` without the backslashes and the invisible joiners of :func:`reglab.ui.shared.text.literal`."""
    return re.sub(r"\\([^A-Za-z0-9\s])", r"\1", text).replace("\N{WORD JOINER}", "")
