"""The geometry: two weights, a data optimum that can be dragged, and where its contours touch the penalty's shape."""

from __future__ import annotations

import streamlit as st

from reglab.charts.geometry import geometry_chart
from reglab.errors import RegLabError
from reglab.lessons.checks import within
from reglab.lessons.geometry import REACH, Landscape, Mix
from reglab.number_format import exact
from reglab.number_text import number_text
from reglab.ui.learn import geometry_text as words
from reglab.ui.learn.drag_handle import drag_handle
from reglab.ui.learn.inputs import Example, defaults, examples, number
from reglab.ui.shared.live_chart import live_chart
from reglab.ui.shared.text import literal

X, Y, STRETCH, TURN = "geometry_x", "geometry_y", "geometry_stretch", "geometry_turn"
KIND, SHARE, STRENGTH = "geometry_penalty", "geometry_share", "geometry_lambda"
KINDS = {"L1": 1.0, "L2": 0.0, "elastic net": None}
SHAPES = {"L1": "L1 ◇", "L2": "L2 ○", "elastic net": "Elastic net"}
FIRST = {X: "1", Y: "2.5", STRETCH: 2.0, TURN: 25, KIND: "L1", SHARE: 0.5, STRENGTH: 1.0}
CHART, MAX_STRENGTH, HEIGHT = "geometry", 8.0, 560
EXAMPLES = (
    Example("L1 finds a corner", "The contour meets the diamond on an axis: one weight is exactly 0.", FIRST),
    Example("L2 never does", "The same data and λ: both weights are smaller, neither is 0.", {**FIRST, KIND: "L2"}),
    Example("A long valley", "Two weights that nearly do the same job: L1 drops the larger one, L2 keeps both.",
            {**FIRST, X: "2", Y: "1.5", STRETCH: 5.0, TURN: -25}),
)  # fmt: skip

_WHERE = f"Where the data loss is lowest, from {exact(-REACH)} to {exact(REACH)}; or drag the ring."


def geometry() -> None:
    """Draw the section."""
    st.markdown(
        "With two weights, everything can be drawn. The **data loss** pulls to its optimum, the **penalty** pulls to "
        "0, and the solution is where a contour of one touches a contour of the other. The diamond's corners lie on "
        "the axes, so L1 likes to stop there: that is a weight of exactly 0. **Drag the blue ring.**"
    )
    _board()


@st.fragment
def _board() -> None:
    """All that changes with the mouse; a fragment, so that a drag reruns nothing else."""
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
        _solution(land, mix, strength)
    with left:
        _chart(land, mix, strength)


def _inputs() -> tuple[Landscape, Mix, float]:
    kind = st.segmented_control(
        "Penalty", list(KINDS), format_func=SHAPES.__getitem__, key=KIND, required=True, persist_state="session",
        width="stretch", help="The set of weights that cost the same: a circle, a diamond, or something between them.",
    )  # fmt: skip
    share = KINDS.get(kind or "")
    if share is None:
        share = st.slider(
            "Share of L1, α", 0.0, 1.0, key=SHARE, step=0.05, persist_state="session",
            help="The penalty is λ(α Σ|w| + (1 − α)/2 Σw²): α = 1 is L1, α = 0 is L2.",
        )  # fmt: skip
    strength = st.slider(
        "λ", 0.0, MAX_STRENGTH, key=STRENGTH, step=0.05, persist_state="session",
        help="How strongly the penalty pulls; at 0 the solution is the data optimum.",
    )  # fmt: skip
    return _landscape(), Mix(share), within(strength, "λ", 0.0, MAX_STRENGTH)


def _landscape() -> Landscape:
    first, second = st.columns(2)
    with first:
        x = number("Optimum, w₁", X, _WHERE)
        stretch = st.slider("Stretch", 1.0, 6.0, key=STRETCH, step=0.25, persist_state="session",
                            help="How many times as long as wide the contours are; 1 is a circle.")  # fmt: skip
    with second:
        y = number("Optimum, w₂", Y, _WHERE)
        turn = st.slider("Rotation, °", -90, 90, key=TURN, step=5, persist_state="session",
                         help="How far the contours' long axis is turned from the w₁ axis.")  # fmt: skip
    return Landscape(
        within(x, "The optimum's w₁", -REACH, REACH), within(y, "The optimum's w₂", -REACH, REACH), stretch, turn
    )


def _solution(land: Landscape, mix: Mix, strength: float) -> None:
    with st.container(border=True):
        st.latex(words.solution(land, mix, strength))
        st.caption("D: data loss, λP: penalty, J = D + λP.", text_alignment="center")
        st.markdown(words.meaning(land, mix, strength))


def _chart(land: Landscape, mix: Mix, strength: float) -> None:
    from reglab.lessons.picture import picture

    live_chart(geometry_chart(picture(land, mix, strength), REACH), key=CHART, height=HEIGHT)
    drag_handle(CHART, land.x, land.y, reach=REACH, on_move=_move,
                label="Data optimum: drag it, or move it with the arrow keys")  # fmt: skip


def _move(x: float, y: float) -> None:
    st.session_state[X], st.session_state[Y] = number_text(round(x, 2)), number_text(round(y, 2))
