"""What a browser shows of a page that was too busy for the run that has set the page's fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.testing.v1 import AppTest

LISTS = ("button_group", "multiselect", "select_slider")
"""Fields whose default is a list of places among their options."""

KINDS = (*LISTS, "selectbox", "text_input", "text_area", "number_input", "slider", "checkbox", "toggle", "pagination")


def overtaken(app: AppTest) -> AppTest:
    """Open the page, and draw it again for a message of a browser that has not yet seen any field."""
    app.run()
    app._run(WidgetStates())
    assert not app.exception
    return app


def mounted(app: AppTest) -> dict[str, tuple[Any, Any]]:
    """Key → what a browser shows that sees only the last run, and what the server holds, of all fields with a key."""
    return {str(one.key): (_shown(kind, one), _held(kind, one)) for kind, one in _fields(app) if one.key}


def _fields(app: AppTest) -> Iterator[tuple[str, Any]]:
    return ((kind, one) for kind in KINDS for one in app.get(kind))


def _shown(kind: str, one: Any) -> Any:
    """The value that this run sets, else the default, as the widgets of the browser do when they are mounted."""
    proto = one.proto
    if kind in LISTS:
        labels = [getattr(option, "content", option) for option in proto.options]
        given = proto.raw_value if kind == "select_slider" else proto.raw_values
        return list(given) if proto.set_value else [labels[int(place)] for place in proto.default]
    if kind == "selectbox":
        return (
            proto.raw_value if proto.set_value else proto.options[proto.default] if proto.HasField("default") else None
        )
    name = "value" if proto.set_value else "default"
    if kind == "slider":
        return list(getattr(proto, name))
    optional = proto.DESCRIPTOR.fields_by_name[name].has_presence
    return None if optional and not proto.HasField(name) else getattr(proto, name)


def _held(kind: str, one: Any) -> Any:
    """The server's value in the browser's terms."""
    sent = one._widget_state
    if kind in LISTS:
        return list(sent.string_array_value.data)
    if kind == "slider":
        return list(sent.double_array_value.data)
    if kind == "selectbox":
        return sent.string_value or None
    return one.value
