"""What was understood, as sentences for people and as one object for programs: page and command line read these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reglab.imports.found import Choices, Found
from reglab.imports.text import counted
from reglab.number_format import gib

_CLASSES, _BAD = 20, 5
_FIT = {"crop": "cut to their middle", "pad": "padded with black", "stretch": "stretched"}


def described(found: Found, choices: Choices) -> dict[str, Any]:
    """The object that ``reglab data import --json`` prints."""
    return {
        "format": found.format,
        "images": found.total,
        "parts": {part: sum(counts) for part, counts in found.counts.items()},
        "classes": list(found.classes),
        "counts": {part: list(counts) for part, counts in found.counts.items()},
        "sizes": [list(size) for size in found.sizes],
        "smallest": list(found.smallest),
        "largest": list(found.largest),
        "bad": {"total": found.bad.total, "named": [list(each) for each in found.bad.named]},
        "duplicates": {
            "side": found.duplicates.side, "within": found.duplicates.within, "across": found.duplicates.across,
            "conflicts": found.duplicates.conflicts,
        },
        "remarks": list(found.remarks),
        "name": choices.name, "label": choices.label, "side": choices.side, "colour": choices.colour,
        "fit": choices.fit,
    }  # fmt: skip


def sentences(found: Found, choices: Choices) -> list[str]:
    """What was understood and what would be saved, a sentence a line."""
    return [
        f"{found.format}: {counted(found.total, 'image')} of {len(found.classes)} classes.",
        *part_lines(found),
        size_sentence(found),
        *bad_lines(found, _BAD),
        *duplicate_sentences(found),
        *found.remarks,
        saved_sentence(found, choices),
    ]


def part_lines(found: Found) -> list[str]:
    """The images of each class, a line a part."""
    lines = []
    for part, counts in found.counts.items():
        shown = [f"{name} {count:,}" for name, count in zip(found.classes, counts, strict=True)]
        more = f", {len(shown) - _CLASSES} more" if len(shown) > _CLASSES else ""
        lines.append(f"{part}: {sum(counts):,} ({', '.join(shown[:_CLASSES])}{more})")
    return lines


def size_sentence(found: Found) -> str:
    """The sizes of the files."""
    if len(found.sizes) == 1:
        return f"All are {_size(found.sizes[0])} pixels."
    return (
        f"They have {_size(found.smallest)} to {_size(found.largest)} pixels, most often {_size(found.sizes[0])} "
        f"({found.sizes[0][2]:,})."
    )


def bad_lines(found: Found, most: int) -> list[str]:
    """The files that cannot be used: how many, and the first with their reasons."""
    if not found.bad.total:
        return []
    is_are = "cannot be used and is left out" if found.bad.total == 1 else "cannot be used and are left out"
    return [
        f"{counted(found.bad.total, 'file')} {is_are}:",
        *(f"  {name}: {reason}" for name, reason in found.bad.named[:most]),
        *([f"  {found.bad.total - most:,} more"] if found.bad.total > most else []),
    ]


def duplicate_sentences(found: Found) -> list[str]:
    """Duplicates, where there are any, and what they do."""
    pixels, side = found.duplicates, found.duplicates.side
    equal = f"equal at {side}×{side} pixels"
    example = [f"Equal images are, for example, {' and '.join(names[:2])}." for names in pixels.examples[:1]]
    return [
        sentence
        for count, sentence in (
            (
                pixels.across,
                f"{pixels.across:,} images are in two parts ({equal}): validation or test accuracy is too high.",
            ),
            (pixels.within, f"{_copies(pixels.within)} ({equal})."),
            (pixels.conflicts, f"{pixels.conflicts:,} equal images have different labels ({equal})."),
        )
        if count
    ] + example


def saved_sentence(found: Found, choices: Choices) -> str:
    """What would be saved."""
    channels = 3 if choices.colour == "rgb" else 1
    size = gib(found.total * channels * choices.side**2)
    form = "as they are" if {each[:2] for each in found.sizes} == {(choices.side, choices.side)} else "resized"
    fit = f", {_FIT[choices.fit]}" if any(width != height for width, height, _ in found.sizes) else ""
    return (
        f"To be saved as {choices.name}: {choices.side}×{choices.side} pixels, {'grey' if channels == 1 else 'RGB'}, "
        f"{form}{fit}; {size}."
    )


def _size(size: Sequence[int]) -> str:
    return f"{size[0]:,}×{size[1]:,}"


def _copies(count: int) -> str:
    are = "is a copy of another one of its part" if count == 1 else "are copies of others of their part"
    return f"{counted(count, 'image')} {are}"
