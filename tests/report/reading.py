"""A report as its reader has it: its scripts, policy, text and figures."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

_VOID = ("meta", "line")


@dataclass
class Read(HTMLParser):
    """What a browser's parser finds: elements in order with their attributes, and the text of each."""

    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    _open: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.texts.append("")
        if tag not in _VOID:
            self._open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        while self._open and self.elements[self._open.pop()][0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for number in self._open:
            self.texts[number] += data

    def find(self, tag: str, **attributes: str) -> list[str]:
        """Texts of the elements with these attributes; ``class_`` is one of its classes."""
        found = []
        for (name, own), text in zip(self.elements, self.texts, strict=True):
            wanted = all(
                value in own.get("class", "").split() if key == "class_" else own.get(key) == value
                for key, value in attributes.items()
            )
            if name == tag and wanted:
                found.append(" ".join(text.split()) if tag not in ("script", "pre") else text)
        return found

    @property
    def figures(self) -> list[dict[str, Any]]:
        """Every chart's figure."""
        return [json.loads(text) for text in self.find("script", class_="figure")]


def read(page: bytes) -> Read:
    """The report ``page``, parsed."""
    made = Read()
    made.feed(page.decode())
    return made
