"""The HTML of a report: template, style and script, and the chart library, compressed, all in one file.

The page's Content Security Policy names the hashes of its two scripts and forbids everything else, every connection
included: text that people typed can neither run nor call out, whatever it contains. Jinja2 escapes it besides.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from functools import cache
from pathlib import Path

import jinja2
import plotly
from markupsafe import Markup, escape

from reglab.charts import RunStyle
from reglab.report.document import Document

_HERE = Path(__file__).parent
_LIBRARY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
MARKER = b'<meta name="generator" content="RegLab '
"""In the first 4,096 bytes of every report, and of no other file."""

_STRONG, _EMPHASIS, _CODE = (re.compile(pattern, re.DOTALL) for pattern in (r"\*\*(.+?)\*\*", r"\*(.+?)\*", r"`(.+?)`"))
_ESCAPED = re.compile(r"\\([\\*`])")


def render(document: Document) -> bytes:
    """The page of ``document``."""
    script = (_HERE / "report.js").read_text("utf-8")
    packed, library = chart_library()
    values = {
        "document": document,
        "style": Markup((_HERE / "report.css").read_text("utf-8")),
        "script": Markup(script),
        "library": packed,
        "policy": policy(csp_hash(script), library),
    }
    return _template().render(values).encode()


def policy(*scripts: str) -> str:
    """The Content Security Policy that runs the ``scripts`` with these hashes, and connects to nothing."""
    return (
        f"default-src 'none'; script-src {' '.join(scripts)}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def csp_hash(script: str) -> str:
    """The source expression of an inline script: 'sha256-…'."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


@cache
def chart_library() -> tuple[str, str]:
    """Plotly's library as gzip in base64, 2 MB in place of 5, and its hash."""
    source = _LIBRARY.read_bytes()
    return base64.b64encode(gzip.compress(source, mtime=0)).decode(), csp_hash(source.decode())


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"prose": prose, "data": data, "stroke": stroke, "breakable": breakable}
    return environment.get_template("report.html.j2")


def unmarked(text: str) -> str:
    """``text`` that people typed, for a sentence of our own: :func:`prose` shows it as it is."""
    return re.sub(r"[\\*`]", r"\\\g<0>", text)


def prose(text: str) -> Markup:
    """Sentences of our own with **strong**, *emphasis*, `code` and line breaks as HTML; everything else is escaped."""
    made = _ESCAPED.sub(lambda found: f"&#{ord(found[1])};", str(escape(text)))
    for pattern, tag in ((_STRONG, "strong"), (_EMPHASIS, "em"), (_CODE, "code")):
        made = pattern.sub(rf"<{tag}>\1</{tag}>", made)
    return Markup(made.replace("  \n", "<br>"))


def breakable(text: str) -> Markup:
    """``text`` that may break after a dot or an underline, as long settings must in a narrow column."""
    return Markup(re.sub(r"(?<=[._])(?=[A-Za-z])", "<wbr>", str(escape(text))))


def data(json: str) -> Markup:
    """JSON inside a script element: no < can close it."""
    return Markup(json.replace("<", "\\u003c"))


def stroke(style: RunStyle) -> str:
    """The dashes of a line as SVG writes them; "none" for a solid one."""
    return "none" if style.dash == "solid" else style.dash.replace("px", "")
