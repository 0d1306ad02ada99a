"""Geometry: two weights, a draggable data optimum, and the point where its contour touches the penalty's contour."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from reglab.charts.geometry import geometry_chart
from reglab.errors import RegLabError
from reglab.lessons.checks import within
from reglab.lessons.geometry import REACH, Floats, Landscape, Mix, picture, solve, zero_from
from reglab.number_format import exact, latex_number, short
from reglab.number_text import number_text
from reglab.ui.learn.drag_handle import drag_handle
from reglab.ui.learn.sections import Example, defaults, examples, number
from reglab.ui.shared.fields import segments
from reglab.ui.shared.live_chart import live_chart
from reglab.ui.shared.text import literal

X, Y, STRETCH, TURN = "geometry_x", "geometry_y", "geometry_stretch", "geometry_turn"
KIND, SHARE, STRENGTH = "geometry_penalty", "geometry_share", "geometry_lambda"
KINDS = {"L1": 1.0, "L2": 0.0, "elastic net": None}
SHAPES = {"L1": "L1 ◇", "L2": "L2 ○", "elastic net": "Elastic net"}
FIRST = {X: "1", Y: "2.5", STRETCH: 2.0, TURN: 25, KIND: "L1", SHARE: 0.5, STRENGTH: 1.0}
CHART, MAX_STRENGTH, HEIGHT = "geometry", 8.0, 560
EXAMPLES = (
    Example("L1 reaches a corner", "The contour touches the diamond on an axis: one weight is exactly 0.", FIRST),
    Example("L2 has no corners", "Same data and λ: both weights are smaller, neither is 0.", {**FIRST, KIND: "L2"}),
    Example(
        "A long valley",
        "Two weights with nearly the same effect: L1 removes the larger one, L2 keeps both.",
        {**FIRST, X: "2", Y: "1.5", STRETCH: 5.0, TURN: -25},
    ),
)

_WHERE = f"Where the data loss is lowest, from {exact(-REACH)} to {exact(REACH)}; or drag the ring."


def geometry() -> None:
    """Draw the section."""
    st.markdown(
        "With two weights, the whole problem can be drawn. The solution is the point where a contour of the **data "
        "loss** touches a contour of the **penalty**. The corners of L1's diamond lie on the axes, and at a corner one "
        "weight is exactly 0. **Drag the blue ring.**"
    )
    _board()


@st.fragment
def _board() -> None:
    """Everything that follows the mouse; a fragment, so that a drag reruns nothing else."""
    defaults(FIRST)
    examples("geometry", EXAMPLES)
    left, right = st.columns([8, 5], gap="medium")
    with right:
        problem = st.empty()
        try:
            land, mix, strength = _inputs()
        except RegLabError as error:
            problem.error(literal(str(error)), icon=":material/error:")
            return
        with st.container(border=True):
            st.latex(solution(land, mix, strength))
            st.caption("D: data loss, λP: penalty, J = D + λP.", text_alignment="center")
            st.markdown(meaning(land, mix, strength))
    with left:
        live_chart(geometry_chart(picture(land, mix, strength), REACH), key=CHART, height=HEIGHT)
        label = "Data optimum: drag it, or move it with the arrow keys"
        drag_handle(CHART, land.x, land.y, reach=REACH, on_move=_move, label=label)


def _inputs() -> tuple[Landscape, Mix, float]:
    look: dict[str, Any] = {"persist_state": "session", "width": "stretch", "label_visibility": "visible"}
    about = "The contours of the penalty: circles, diamonds, or shapes in between."
    kind = segments("Penalty", {name: SHAPES[name] for name in KINDS}, KIND, help=about, **look)
    share = KINDS.get(kind or "")
    if share is None:
        about = "The penalty is λ(α Σ|w| + (1 − α)/2 Σw²): α = 1 is L1, α = 0 is L2."
        share = _slider("Share of L1, α", SHARE, 0.0, 1.0, 0.05, about)
    about = "The strength of the penalty; at 0 the solution is the data optimum."
    strength = _slider("λ", STRENGTH, 0.0, MAX_STRENGTH, 0.05, about)
    first, second = st.columns(2)
    with first:
        x = number("Optimum, w₁", X, _WHERE)
        stretch = _slider("Stretch", STRETCH, 1.0, 6.0, 0.25, "Length of the contours ÷ their width; 1 is a circle.")
    with second:
        y = number("Optimum, w₂", Y, _WHERE)
        turn = _slider("Rotation, °", TURN, -90, 90, 5, "Angle between the contours' long axis and the w₁ axis.")
    land = Landscape(
        within(x, "The optimum's w₁", -REACH, REACH), within(y, "The optimum's w₂", -REACH, REACH), stretch, turn
    )
    return land, Mix(share), within(strength, "λ", 0.0, MAX_STRENGTH)


def _slider(label: str, key: str, low: float, high: float, step: float, about: str) -> float:
    return st.slider(label, low, high, key=key, step=step, persist_state="session", help=about)


def _move(x: float, y: float) -> None:
    st.session_state[X], st.session_state[Y] = number_text(round(x, 2)), number_text(round(y, 2))


# Text


def solution(land: Landscape, mix: Mix, strength: float) -> str:
    """The solution, with the data loss D, the penalty λP and their sum, in LaTeX."""
    w = solve(land, mix, strength)
    loss, size = float(land.loss(w)), float(mix.value(w))
    return (
        rf"\begin{{aligned}} w^* &= ({_latex(w[0])},\ {_latex(w[1])}) \\ D &= {_latex(loss)} \\ "
        rf"\lambda P &= {_latex(strength * size)} \\ "
        rf"J &= {_latex(loss + strength * size)} \end{{aligned}}"
    )


def meaning(land: Landscape, mix: Mix, strength: float) -> str:
    """Which weights are 0 at this λ, and at which λ the others become 0, in Markdown."""
    return f"{_now(solve(land, mix, strength), mix, strength)} {_later(land, mix)}"


def _now(w: Floats, mix: Mix, strength: float) -> str:
    if strength == 0:
        return "λ = 0: only the data loss counts."
    zeros = [f"w{sub}" for sub, value in zip("₁₂", w, strict=True) if value == 0]
    if len(zeros) == 2:
        return "**Both weights are exactly 0.**"
    if zeros:
        return f"**{zeros[0]} is exactly 0.**"
    smallest = "" if mix.l1_share else f" The smaller one is {short(float(np.abs(w).min()), 3)} in size."
    return f"Neither weight is 0.{smallest}"


def _later(land: Landscape, mix: Mix) -> str:
    marks = zero_from(land, mix)
    if marks == (None, None):
        return "L2 only scales: $w^* = (H + \\lambda I)^{-1} H a$ approaches 0 as λ grows, and is 0 at no λ."
    first, second = sorted(zip(marks, "₁₂", strict=True), key=lambda mark: mark[0] or 0.0)
    if not second[0]:
        return "The data optimum is 0 already."
    later = f"w{second[1]} from λ = {short(float(second[0]), 3)} on."
    if not first[0]:
        return f"w{first[1]} is 0 at every λ; {later}"
    return f"As λ grows, w{first[1]} is exactly 0 from λ = {short(float(first[0]), 3)} on, and {later}"


def _latex(value: float) -> str:
    return latex_number(float(f"{value:.4g}"))
