"""The last step: the address of what is presented, as a QR code and as text."""

from __future__ import annotations

import html
from collections.abc import Mapping
from urllib.parse import urlencode

import segno

from reglab.ui.present.slide import Slide

LONGEST = 600
"""Characters of an address that a telephone still reads from a projector."""

_READABLE = 120  # characters of an address that is shown as text, too


def link_slide(public_url: str | None, page: str, query: Mapping[str, str]) -> Slide | None:
    """A QR code of ``page`` with ``query`` under ``public_url``; None without one, or where the address is too long."""
    if public_url is None:
        return None
    address = f"{public_url}/{page}?{urlencode(query, safe=',')}"
    if len(address) > LONGEST:
        return None
    shown = f'<div class="reglab-address">{html.escape(address)}</div>' if len(address) <= _READABLE else ""
    return Slide("link", ("Scan to open it.",), picture=_picture(address) + shown)


def _picture(address: str) -> str:
    """Dark on white on either theme, since scanners need it, with the quiet zone of 4 modules."""
    source = segno.make_qr(address, error="m").svg_data_uri(scale=10, border=4, dark="#000000", light="#ffffff")
    return f'<img class="reglab-qr" alt="QR code of {html.escape(address, quote=True)}" src="{html.escape(source)}">'
