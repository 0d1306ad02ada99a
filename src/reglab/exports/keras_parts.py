"""The parts of a Keras script that are the same for every network: seeds, weights, batches, evaluation, the loop."""

from __future__ import annotations

from textwrap import indent

from reglab.exports.keras_penalty import KerasPenalty
from reglab.spec import OptimSpec, RunSpec

SEED_FOR = '''\
def seed_for(purpose, *index):
    """A seed of its own for each purpose, from SEED."""
    text = "/".join(str(part) for part in (SEED, purpose, *index))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
'''

LOAD = '''\
def load_initial(model):
    """Load PyTorch's initial weights: kernels become height × width × in × out, dense layers are transposed."""
    saved = {name.replace(".", "_"): array for name, array in load_file(INITIAL).items()}
    for layer in model.layers:
        names = [f"{layer.name}_{own}" for own in ("weight", "bias", "running_mean", "running_var")]
        arrays = [saved[name] for name in names if name in saved]
        if layer.weights and arrays:
            layer.set_weights([a.transpose(2, 3, 1, 0) if a.ndim == 4 else a.T for a in arrays])
'''

BATCHES = '''\
def batches(epoch, n):
    """The numbers of the images in each batch: a new order for every epoch, fixed by SEED."""
    generator = torch.Generator().manual_seed(seed_for("batch order", epoch))
    order = torch.randperm(n, generator=generator).numpy()
    return [order[start : start + BATCH_SIZE] for start in range(0, n, BATCH_SIZE)]
'''

JOINED_BATCHES = BATCHES.replace(
    "range(0, n, BATCH_SIZE)]\n",
    "range(0, n - 1, BATCH_SIZE)][:-1] + [\n"
    "        order[n - 1 - BATCH_SIZE :]  # the image left over joins the last batch, as in the run\n"
    "    ]\n",
)

EVALUATE = '''\
def evaluate(model, images, labels):
    """Mean cross-entropy in eval mode, without any penalty, and the share of images classified rightly."""
    scores = model.predict(images, batch_size=256, verbose=0).astype(np.float64)
    scores -= scores.max(axis=1, keepdims=True)
    losses = np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(labels)), labels]
    return losses.mean().item(), (scores.argmax(axis=1) == labels).mean().item()
'''

ADAM_EPSILON = '''\
def adam_epsilon(step):
    """ε of optimizer step ``step``: PyTorch adds 1e-8 to √v after the bias correction of v, Keras before it."""
    return 1e-8 * (1 - 0.999**step) ** 0.5
'''

_SET_RATE = """\
optimizer.learning_rate = learning_rate(epoch)"""

_RESCALE = """\
if epoch > 1:  # Keras keeps η inside the momentum, PyTorch outside
    before = learning_rate(epoch - 1)
    for momentum in optimizer.momentums:
        momentum.assign(momentum * (learning_rate(epoch) / before if before else 0.0))"""

_STOP = """\
if val_loss < best_loss:
    best_epoch, best_loss = epoch, val_loss
if epoch - best_epoch >= PATIENCE:
    break"""


def optimizer_code(penalty: KerasPenalty, optim: OptimSpec) -> str:
    """The function ``make_optimizer()``."""
    decays = penalty.place == "weight_decay"
    arguments = ["LEARNING_RATE"]
    if optim.name == "sgd":
        kind = "SGD"
        arguments += [f"momentum={optim.momentum!r}"] + ["nesterov=True"] * (optim.nesterov and optim.momentum > 0)
    else:
        kind = "AdamW" if decays else "Adam"
    arguments += ["weight_decay=L2"] * decays
    about = "; its weight_decay is the decoupled decay w ← w − η·λ₂·w" * decays
    body = f"return keras.optimizers.{kind}({', '.join(arguments)})"
    return f'def make_optimizer():\n    """{kind} over all parameters{about}."""\n    {body}\n'


def main_code(penalty: KerasPenalty, spec: RunSpec) -> str:
    """The training loop."""
    rate = [] if spec.optim.schedule == "constant" else [_SET_RATE]
    rate += [_RESCALE] * (bool(rate) and spec.optim.name == "sgd" and spec.optim.momentum > 0)
    step = ["model.train_on_batch(x_train[batch], y_train[batch])"]
    if spec.optim.name != "sgd":
        step = ["optimizer.epsilon = adam_epsilon(int(optimizer.iterations) + 1)", *step]
    if penalty.place == "pull":
        lr = "learning_rate(epoch)" if rate else "LEARNING_RATE"
        step = ["decay = pulls(model)", *step, "for variable, pull in decay:", f"    variable.assign_sub({lr} * pull)"]
    epoch = [
        *rate,
        "for batch in batches(epoch, len(x_train)):",
        *(f"    {line}" for line in step),
        "train_loss, train_acc = evaluate(model, x_train[evaluated], y_train[evaluated])",
        "val_loss, val_acc = evaluate(model, x_val, y_val)",
        'print(f"epoch {epoch}: train_loss {train_loss:.6f}  val_loss {val_loss:.6f}")',
        *[_STOP] * (spec.train.patience > 0),
    ]
    return _head(penalty, spec) + indent("\n".join(epoch), " " * 8) + _RESULT


def _head(penalty: KerasPenalty, spec: RunSpec) -> str:
    model = "make_model(optimizer)" if penalty.place == "constraint" else "make_model()"
    excluded = (
        "    others = [variable for variable in model.trainable_variables if not factor_of(variable)]\n"
        "    optimizer.exclude_from_weight_decay(var_list=others)\n"
    )
    eager = ", run_eagerly=True" * (spec.optim.name != "sgd")  # or ε would be that of the first step for good
    return (
        "def main():\n"
        '    """Train, and print the data losses after the last epoch as JSON."""\n'
        "    data = np.load(DATA, allow_pickle=False)\n"
        '    x_train, x_val, evaluated = data["x_train"], data["x_val"], data["evaluated"]\n'
        '    y_train, y_val = data["y_train"].astype("int64"), data["y_val"].astype("int64")\n'
        "    optimizer = make_optimizer()\n"
        f"    model = {model}\n"
        "    load_initial(model)\n"
        + excluded * (penalty.place == "weight_decay" and penalty.plan.which != "all")
        + f"    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True){eager})\n"
        + "    best_epoch, best_loss = 0, math.inf\n" * (spec.train.patience > 0)
        + "    for epoch in range(1, EPOCHS + 1):\n"
    )


_RESULT = """
    result = {"train_loss": train_loss, "val_loss": val_loss, "train_acc": train_acc, "val_acc": val_acc}
    print(json.dumps(result))
"""
