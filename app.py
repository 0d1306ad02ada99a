"""RegLab's dashboard: ``streamlit run app.py``.

Streamlit runs this file twice: the server imports it once for ``app``, and every visit executes it as ``__main__``.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from reglab.ui import frame, security, server, start

if __name__ == "__main__":
    frame.render(Path(__file__).with_name("pages"))
else:
    app = st.App(
        Path(__file__),
        secrets=start.secrets_of_server(),
        lifespan=server.lifespan,
        routes=server.routes(),
        middleware=security.middleware(),
        on_script_error=frame.explain,
    )
