"""Result 2: validation accuracy of the last epoch minus the highest of any, per seed, by the share of wrong labels."""

from __future__ import annotations

from collections.abc import Sequence

from reglab import columns
from reglab.lessons.claim import Changes, Claim, Measured, Part, Results, Source, Trial, paired
from reglab.lessons.rules import POINTS, Less, Within
from reglab.number_format import percent

SHARES: dict[str, float] = {"none": 0.0, "few": 0.2, "half": 0.5, "most": 0.8}
SETTING: Changes = {
    "data__train_size": 400,
    "model__name": "small_cnn",
    "optim__lr": 3e-3,
    "train__epochs": 60,
}


def _role(share: float) -> str:
    return f"{percent(share, 0)} wrong labels"


def _about(share: float) -> str:
    return _role(share) if share else "true labels"


def _trials(seeds: Sequence[int]) -> list[Trial]:
    return paired({_role(share): {**SETTING, "data__label_noise": share} for share in SHARES.values()}, seeds)


def _measure(results: Results) -> Measured:
    roles = {name: _role(share) for name, share in SHARES.items()}
    return {
        name: results.last(role, columns.VAL_ACC) - results.best(role, columns.VAL_ACC) for name, role in roles.items()
    }


def _part(name: str, rule: Less | Within, published: float | None = None) -> Part:
    wrong = _about(SHARES[name])
    return Part(
        name,
        f"Last minus best epoch, {wrong}",
        f"With {wrong}, the accuracy of the last epoch differs from that of the best by {{figure}}.",
        POINTS,
        rule,
        published,
    )


ENTRY = Claim(
    name="last-or-best",
    label="With wrong labels, the last epoch is much worse than the best",
    order=2,
    about="A network learns what is common first and memorises wrong labels later, so without a regularizer its best "
    "epoch comes early.",
    setup="400 digits with 20, 50 and 80 % wrong labels, a small CNN with Adam (η = 0.003) for 60 epochs, no penalty; "
    "as a control, true labels.",
    caveat="The best epoch is chosen by the accuracy that it is judged by, as in the paper, so the difference is never "
    "above 0; the control shows how much of it this choice explains. The paper has CIFAR-10, a ResNet-18 and 200 "
    "epochs, and replaces labels at random, so that a tenth of the replaced ones stay right; here all are wrong.",
    parts=(
        _part("none", Within(0.02)),
        _part("few", Less(0.02), -0.039),
        _part("half", Less(0.1), -0.258),
        _part("most", Less(0.1), -0.374),
    ),
    trials=_trials,
    measure=_measure,
    n_seeds=5,
    source=Source(
        "H. Zhang, M. Cissé, Y. N. Dauphin, D. Lopez-Paz, mixup: Beyond Empirical Risk Minimization, 2018",
        "table 2, ERM",
        "https://arxiv.org/abs/1710.09412",
        "Test error of the best and of the last epoch: 12.7 and 16.6 % with 20 % corrupted labels, 18.8 and 44.6 % "
        "with 50 %, 36.5 and 73.9 % with 80 %.",
    ),
)
