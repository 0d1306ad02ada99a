"""Names that people may type, each as one paragraph, and as the label of a widget."""

from __future__ import annotations

import streamlit as st

from reglab.ui.shared.text import literal

NAMES = [
    ":material/home:",
    ":material/delete: gone",
    ":smile:",
    ":100:",
    ":+1:",
    ":streamlit:",
    ":red[no]",
    ":red-badge[no]",
    "https://evil.example/a",
    "see http://evil.example",
    "HTTPS://EVIL.EXAMPLE",
    "www.evil.example",
    "WWW.evil.example/x",
    "me@evil.example",
    "mailto:me@evil.example",
    "<b>bold</b>",
    "*no* _no_ ~~no~~ `no`",
    "[no](https://evil.example)",
    "![no](https://evil.example/x.png)",
    "a -> b",
    "a <- b <-> c",
    "a -- b >= c <= d ~= e",
    "$x^2$",
    "# no",
    "- no",
    "1. no",
    "| a | b |",
    "12:30:00",
    "λ₂ = 0.01: a, b",
    "C:\\runs\\a",
    "a & b &amp; c",
    "digits · small_cnn · λ₂ 0.03",
]

if __name__ == "__main__":
    for number, name in enumerate(NAMES):
        with st.container(key=f"text-{number}"):
            st.markdown(literal(name))
        with st.container(key=f"label-{number}"):
            st.checkbox(literal(name), key=f"box-{number}")
