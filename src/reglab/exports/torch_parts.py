"""The parts of a PyTorch script around its network and its penalty: seeds, dropout, batches, evaluation, the loop."""

from __future__ import annotations

from textwrap import indent

from reglab.exports.subject import Subject
from reglab.exports.torch_penalty import TorchPenalty

SEED_FOR = '''\
def seed_for(purpose, *index):
    """A seed of its own for each purpose, from SEED."""
    text = "/".join(str(part) for part in (SEED, purpose, *index))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
'''

DROPOUT = '''\
class Dropout(nn.Module):
    """Dropout whose masks come from a generator of its own, so that they are the run's."""

    generator = torch.Generator("cpu").manual_seed(seed_for("dropout"))

    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        kept = torch.rand(x.shape, generator=self.generator, device=self.generator.device) >= self.p
        return x * (kept.to(x) / (1 - self.p))
'''

EVALUATE = '''\
@torch.no_grad()
def evaluate(model, images, labels):
    """Mean cross-entropy in eval mode, without any penalty, and the share of images classified rightly."""
    model.eval()
    loss, right = torch.zeros((), dtype=torch.float64, device=DEVICE), 0
    for x, y in zip(images.split(EVALUATED_AT_ONCE), labels.split(EVALUATED_AT_ONCE)):
        scores = model(x.permute(0, 3, 1, 2))
        loss += F.cross_entropy(scores, y, reduction="sum")
        right += (scores.argmax(1) == y).sum().item()
    model.train()
    return loss.item() / len(images), right / len(images)
'''


def batches_code(subject: Subject) -> str:
    n, size = len(subject.split.x_train), subject.spec.train.batch_size
    head = (
        "def batches(epoch, n):\n"
        '    """The numbers of the images in each batch: a new order for every epoch, fixed by SEED."""\n'
        '    generator = torch.Generator().manual_seed(seed_for("batch order", epoch))\n'
        "    order = torch.randperm(n, generator=generator).to(DEVICE)\n"
    )
    if n > size and n % size == 1:
        return (
            f"{head}    *whole, before_last, last = order.split(BATCH_SIZE)\n"
            "    return [*whole, torch.cat([before_last, last])]  # no batch of a single image\n"
        )
    return f"{head}    return order.split(BATCH_SIZE)\n"


def main_code(subject: Subject, penalty: TorchPenalty, flat: bool) -> str:
    """The training loop."""
    spec = subject.spec
    lr_lines = ["lr = LEARNING_RATE"] if penalty.place in ("decay", "shrink") else []
    if spec.optim.schedule != "constant":
        lr_lines = ["lr = learning_rate(epoch)", "for group in optimizer.param_groups:", '    group["lr"] = lr']
    step = [
        "x, y = x_train[batch].permute(0, 3, 1, 2), y_train[batch]",
        f"loss = F.cross_entropy(model(x), y){penalty.term}",
        "optimizer.zero_grad()",
        "loss.backward()",
        *[penalty.before] * bool(penalty.before),
        "optimizer.step()",
        *[penalty.after] * bool(penalty.after),
    ]
    return "\n".join(
        [
            _LOAD + (_FLAT_WEIGHTS if flat else _WEIGHTS) + "    optimizer = make_optimizer(model)",
            *["    best_epoch, best_loss = 0, math.inf"] * (spec.train.patience > 0),
            "    for epoch in range(1, EPOCHS + 1):",
            *(f"        {line}" for line in lr_lines),
            "        for batch in batches(epoch, len(x_train)):",
            *(f"            {line}" for line in step),
            "        train_loss, train_acc = evaluate(model, x_train[evaluated], y_train[evaluated])",
            "        val_loss, val_acc = evaluate(model, x_val, y_val)",
            '        print(f"epoch {epoch}: train_loss {train_loss:.6f}  val_loss {val_loss:.6f}")',
            *([indent(_STOP, " " * 8)] if spec.train.patience else []),
            _RESULT,
        ]
    )


_LOAD = '''\
def main():
    """Train, and print the data losses after the last epoch as JSON."""
    data = np.load(DATA, allow_pickle=False)
    x_train, x_val = (torch.from_numpy(data[name]).to(DEVICE, DTYPE) for name in ("x_train", "x_val"))
    y_train, y_val, evaluated = (
        torch.from_numpy(data[name].astype(np.int64)).to(DEVICE) for name in ("y_train", "y_val", "evaluated")
    )
    model = make_model().to(DEVICE, DTYPE, memory_format=torch.channels_last)
'''

_WEIGHTS = """\
    model.load_state_dict(load_file(INITIAL))
"""

_FLAT_WEIGHTS = """\
    weights = {}
    for name, tensor in load_file(INITIAL).items():  # layer1.0.conv1.weight is layer1_0_conv1.weight here
        layer, _, own = name.rpartition(".")
        weights[f"{layer.replace('.', '_')}.{own}"] = tensor
    model.load_state_dict(weights)
"""

_STOP = """\
if val_loss < best_loss:
    best_epoch, best_loss = epoch, val_loss
if epoch - best_epoch >= PATIENCE:
    break"""

_RESULT = """\
    result = {"train_loss": train_loss, "val_loss": val_loss, "train_acc": train_acc, "val_acc": val_acc}
    print(json.dumps(result))
"""
