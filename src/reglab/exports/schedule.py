"""The learning rate of an epoch, as a function of a script; nothing where it is constant."""

from __future__ import annotations

from reglab.spec import OptimSpec


def schedule_code(optim: OptimSpec) -> str:
    """The function ``learning_rate(epoch)``, epochs from 1."""
    if optim.schedule == "cosine":
        about, rule = (
            "Half a cosine, from LEARNING_RATE towards 0",
            ("LEARNING_RATE * 0.5 * (1 + math.cos(math.pi * (epoch - 1) / EPOCHS))"),
        )
    elif optim.schedule == "step":
        about = f"LEARNING_RATE, times {optim.step_factor!r} after every {optim.step_every} epochs"
        rule = f"LEARNING_RATE * {optim.step_factor!r} ** ((epoch - 1) // {optim.step_every})"
    else:
        return ""
    return f'def learning_rate(epoch):\n    """{about}."""\n    return {rule}\n'
