"""A small translator from the update rule's LaTeX to Python, so that tests run what the page shows.

It knows exactly the notation of :mod:`reglab.ui.train.objective_text`, and fails on anything else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

_TOKEN = re.compile(r"\s*(\\[a-zA-Z]+|\\,|\d+\.?\d*|[a-zA-Z]|[-+/^(){}|,])")
_NAMES = {r"\eta": "eta", r"\pi": "np.pi"}
_CALLS = {r"\cos": "np.cos", r"\max": "np.maximum", "sign": "np.sign"}
_GROUPS = {r"\lVert w_G \rVert_2": "n", r"\sqrt{|G|}": "r", r"\frac": r"\dfrac", r"\left(": "(", r"\right)": ")"}
_STARTS_NO_FACTOR = {"+", "-", "/", "^", ")", "}", "|", ",", r"\cdot", r"\rfloor"}


class Translator:
    """A recursive descent: expression = term (± term)*, term = factor (· or / or nothing between) factor."""

    def __init__(self, latex: str) -> None:
        self.tokens, at = [], 0
        while at < len(latex.rstrip()):
            found = _TOKEN.match(latex, at)
            assert found, f"cannot read {latex[at:]!r}"
            if found[1] != r"\,":
                self.tokens.append(found[1])
            at = found.end()

    def whole(self) -> str:
        python = self.expression()
        assert not self.tokens, f"left over: {self.tokens}"
        return python

    def expression(self) -> str:
        python = "-" if self.tokens[0] == "-" else ""
        if python:
            self.take("-")
        python += self.term()
        while self.tokens and self.tokens[0] in "+-":
            python += f" {self.tokens.pop(0)} {self.term()}"
        return f"({python})"

    def term(self) -> str:
        python = self.power()
        while self.tokens:
            if self.tokens[0] in (r"\cdot", "/"):
                python += " * " if self.tokens.pop(0) == r"\cdot" else " / "
            elif self.tokens[0] in _STARTS_NO_FACTOR:
                break
            else:
                python += " * "
            python += self.power()
        return python

    def power(self) -> str:
        base = self.factor()
        if not self.tokens or self.tokens[0] != "^":
            return base
        self.take("^")
        exponent = self.braced() if self.tokens[0] == "{" else self.tokens.pop(0)
        return f"({base} ** {exponent})"

    def factor(self) -> str:
        token = self.tokens.pop(0)
        if re.fullmatch(r"\d+\.?\d*", token):
            return f"float({token!r})"
        if token in (r"\dfrac", r"\tfrac"):
            return f"({self.braced()} / {self.braced()})"
        if token == r"\sqrt":
            return f"np.sqrt({self.braced()})"
        if token == r"\nabla":
            return self.gradient()
        if token == r"\mathrm":
            token = self.letters()
        if token in _CALLS:
            return f"{_CALLS[token]}({self.arguments()})"
        if token in ("(", "|", r"\lfloor"):
            inner = self.expression()
            self.take({"(": ")", "|": "|"}.get(token, r"\rfloor"))
            return {"(": inner, "|": f"np.abs{inner}"}.get(token, f"np.floor{inner}")
        assert token in _NAMES or re.fullmatch("[a-z]", token), f"unknown: {token}"
        return _NAMES.get(token, token)

    def gradient(self) -> str:
        for expected in "L(w)":
            self.take(expected)
        return "grad"

    def letters(self) -> str:
        self.take("{")
        word = ""
        while self.tokens[0] != "}":
            word += self.tokens.pop(0)
        self.take("}")
        return word

    def arguments(self) -> str:
        self.take("(")
        parts = [self.expression()]
        while self.tokens[0] == ",":
            self.take(",")
            parts.append(self.expression())
        self.take(")")
        return ", ".join(parts)

    def braced(self) -> str:
        self.take("{")
        python = self.expression()
        self.take("}")
        return python

    def take(self, expected: str) -> None:
        found = self.tokens.pop(0)
        assert found == expected, f"{expected} expected, not {found}"


def to_python(latex: str) -> tuple[str, str]:
    r"""``w \leftarrow w - \eta\,g`` → ("w", "(w - eta * g)")."""
    left, right = re.split(r"\\leftarrow|=", latex, maxsplit=1)
    return Translator(left).factor(), Translator(right).whole()


def run_line(latex: str, values: dict[str, Any], tensor: str) -> None:
    """Carry out one line for the tensor called ``tensor``: ``values`` are updated in place."""
    if r"\begin{cases}" in latex:
        values["c"] = _case(latex, tensor)
        return
    if "w_G" in latex:
        w = values["w"]
        values["n"] = np.linalg.norm(w.reshape(len(w), -1), axis=1).reshape(-1, *[1] * (w.ndim - 1))
        values["r"] = np.sqrt(w[0].size)
    for sign, plain in _GROUPS.items():
        latex = latex.replace(sign, plain)
    name, python = to_python(latex)
    values[name] = eval(python, {"np": np}, values)


def uncoloured(latex: str, *, keep: bool) -> str:
    """``latex`` with what is coloured left in place, uncoloured (``keep``), or struck out."""
    found = re.search(r"\\textcolor\{#\w{6}\}\{", latex)
    if not found:
        return latex
    end, depth = found.end(), 1
    while depth:
        depth += {"{": 1, "}": -1}.get(latex[end], 0)
        end += 1
    inner = latex[found.end() : end - 1] if keep else ""
    return latex[: found.start()] + inner + uncoloured(latex[end:], keep=keep)


def _case(latex: str, tensor: str) -> float:
    """The value of the line that names ``tensor``, else of the last one."""
    body = latex.partition(r"\begin{cases}")[2].partition(r"\end{cases}")[0]
    lines: Mapping[str, str] = {
        name: value for value, _, names in (line.partition("&") for line in body.split(r"\\"))
        for name in names.strip().removeprefix(r"\text{").removesuffix("}").replace("\\_", "_").split(", ")
    }  # fmt: skip
    return float(eval(Translator(lines.get(tensor, lines["other tensors"])).whole()))
