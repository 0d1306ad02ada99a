"""Documents, UI text, docstrings and comments keep to the field's terms: no retired phrase."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = sorted({p.relative_to(ROOT / "src/reglab").parts[0] for p in (ROOT / "src/reglab").rglob("*.py")})
DOCUMENTS = ["README.md", "docs", "pages", "app.py"]

RETIRED = {
    "sweep": r"λ[₁₂]?[ -]paths?\b|\bpaths so far\b"
    r"|\b(a|the|this|each|every|new|whole|previous|finished) paths?\b(?! (of|to) (a|the|this) (file|folder))",
    "run of the sweep; fused lanes": r"\bcrews?\b|\b(a|the|one|two|each|same|whole) stacks?\b(?! trace)",
    "execution": r"\bside by side in one stack\b",
    "penalty mode": r"\bways? of applying\b|\btwo ways\b|\beach way\b",
    "penalised parameters": r"\bwhat λ acts on\b",
    "weights": r"\b(all|dense|penalised|every|the) kernels\b(?! of (a|the) conv)",
    "penalty-to-data gradient ratio": r"\bpulls? of λ\b|\bthe pulls?\b|\bequal pulls?\b",
    "exact zeros": r"\bweights at zero\b|\bat zero, ",
    "memorised": r"\bby heart\b",
    "accuracy": r"\bnames? \d+ %|\bnames? .{1,60}\bcorrectly\b",
    "1-SE choice": r"\bsimplest\b|\bone SE\b",
    "well regularised": r"\bfits well\b|\bwell fitted\b",
    "Caveat": r"(^|\W )But:|\*\*But\b",
    "epoch view": r"\b(which|what) moment of\b|\bthis look\b",
    "available, automatic": r"\bGB can be used\b|\bchosen for you\b",
    "½λΣw²": r"\bwith the half\b",
    "a plain imperative": r"\bedit first\b|\btick some\b|\blay their curves\b|\binterval firmer\b|\bimages would tell\b"
    r"|\bshow me\b|\blooks? up from\b|\b(report|tell)s? to nobody\b",
    "it directly": r"\b(told|said|sittings?|whereof|whoever|in words)\b|\bas if\b|\bof which\b|\bwherever there is\b"
    r"|\bthe way back\b|\b(came|come) of (them|it)\b|\bhave come to\b",
}


def retired(text: str) -> Iterator[tuple[str, str]]:
    """Retired phrases in a text, and what to say instead."""
    plain = " ".join(text.split())
    for use, pattern in RETIRED.items():
        if match := re.search(pattern, plain, re.IGNORECASE):
            yield match[0], use


def texts(file: Path) -> Iterator[tuple[int, str]]:
    """First line and text of each string and each block of comments of a Python file, of each paragraph of another."""
    content = file.read_text("utf-8")
    if file.suffix == ".py":
        for node in ast.walk(ast.parse(content)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.lineno, node.value
        tokens = tokenize.generate_tokens(io.StringIO(content).readline)
        comments = {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}
        content = "\n".join(comments.get(line, "") for line in range(1, max(comments, default=0) + 1))
    line = 1
    for paragraph in re.split(r"(\n\s*\n)", content):
        yield line, re.sub(r"(?m)^[#:>*\s-]+", " ", paragraph).strip()
        line += paragraph.count("\n")


@pytest.mark.parametrize("place", [*DOCUMENTS, *(f"src/reglab/{package}" for package in PACKAGES)])
def test_no_retired_phrase(place: str) -> None:
    at = ROOT / place
    files = (
        [at] if at.suffix else [f for f in sorted(at.rglob("*")) if f.suffix in {".py", ".md", ".js", ".css", ".j2"}]
    )
    assert files
    found = [
        f"{file.relative_to(ROOT)}:{line}: {phrase!r}: say {use}"
        for file in files
        for line, text in texts(file)
        for phrase, use in retired(text)
    ]
    assert not found, "\n".join(found)


REFUSED = """a new λ path | Paths so far | the whole path | a crew of lanes | each stack of runs
two ways of applying L2 | What λ acts on | all kernels | the pull of λ | 60 % of the weights at zero
labels learnt by heart | names 91 % of the images correctly | the simplest run | within one SE | fits well
But: one seed | Which moment of a sweep is shown | 13.8 GB can be used | chosen for you | L2, with the half | Edit first
tick some runs | make the interval firmer | new images would tell | Show me overfitting
looks up from its training | Report to nobody | is told below | as was said | in an earlier sitting | in words
as if it were new | all of which | whereof | wherever there is one | whoever asks | the way back
what came of them | what some runs have come to"""


@pytest.mark.parametrize("text", re.split(r" \| |\n", REFUSED))
def test_a_retired_phrase_is_refused_in_docstrings_comments_and_documents(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(f'"""{text}"""\nprint(f"{{1}} {text}")\nx = 1  # {text}\n', "utf-8")
    (tmp_path / "a.md").write_text(f"# {text}\n", "utf-8")
    assert [line for line, found in texts(tmp_path / "a.py") if any(retired(found))] == [1, 2, 3]
    assert any(retired(found) for _, found in texts(tmp_path / "a.md"))


@pytest.mark.parametrize(
    "code",
    [
        'from pathlib import Path  # the regularization path, from 0 to ∞\nhome = Path("the folder of runs")',
        '"""Shapes as torch.stack returns them."""\nw = torch.stack([a, b])',
        '"""Conv2d with kernel_size 3; the kernels of a convolution are weights."""\nc = Conv2d(1, 8, kernel_size=3)',
        '"""A stack trace, a file path, the path of a file, /the/path."""\nf("weights that are 0")',
        '"""λ = 0 fits the noise, the best fits the data. But one seed shows little."""',
    ],
)
def test_the_terms_of_the_field_are_accepted(code: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(code, "utf-8")
    assert not [phrase for _, text in texts(tmp_path / "a.py") for phrase in retired(text)]
