"""The name as a drawing: validation loss over λ, falling to its best and rising again."""

from __future__ import annotations

_LINE, _DOT, _TEXT = "#2f86c1", "#d9722e", "#74818e"  # legible on both themes
_CURVE = (
    f'<path d="M4 6 C8 30 18 32 28 10" fill="none" stroke="{_LINE}" stroke-width="3.6" stroke-linecap="round"/>'
    f'<circle cx="14" cy="23.6" r="4.4" fill="{_DOT}"/>'
)

ICON = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32">{_CURVE}</svg>'
WORDMARK = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 130 32" width="130" height="32">{_CURVE}'
    '<text x="40" y="23.5" font-family="system-ui, Helvetica, Arial, sans-serif" font-size="21" font-weight="700" '
    f'fill="{_TEXT}">RegLab</text></svg>'
)

# Streamlit's own Stop, which ends a script and no training, would appear beside ours for a moment.
STYLE = '<style>[data-testid="stStatusWidget"] button { display: none }</style>'
