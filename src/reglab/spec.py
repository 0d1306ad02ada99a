"""The specification of a run: the one definition that the page, the URL, YAML, the command line and Python share.

λ is canonical: J = mean data loss + l1·Σ|w| + (l2/2)·Σw² + … over the penalised parameters, where the dots stand for
the other terms of :mod:`reglab.penalties`, each under its own key (``group``). A spec is frozen, every value is
checked, unknown keys are refused, and every refusal is one sentence (:class:`reglab.errors.SpecError`).
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeGuard, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializeAsAny,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError, PydanticKnownError

from reglab import spec_text
from reglab.errors import SpecError, clipped, shown, suggestion
from reglab.number_format import exact
from reglab.spec_errors import NO_NUMBER, sentence

Apply = Literal["coupled", "decoupled", "proximal"]
Scope = Literal["weights", "weights+biases", "all"]
Schedule = Literal["constant", "cosine", "step"]
Precision = Literal["float32", "float64"]
Keep = Literal["last", "best"]

_MAX_SEED = 2**32 - 1

TEST_FRACTION = 0.2
"""``data.test_fraction`` of new specs: those of the forms, the demonstrations and commands without a spec file."""


def _number(kind: str) -> BeforeValidator:
    """Refuse text and truth values where a number belongs: only what a person typed is converted, and elsewhere."""

    def check(value: Any) -> Any:
        if isinstance(value, bool | str):
            raise PydanticCustomError(NO_NUMBER, f"Input should be a valid {kind}")
        return value

    return BeforeValidator(check)


def _truth(value: Any) -> Any:
    if not isinstance(value, bool):
        raise PydanticCustomError("no_truth_value", "Input should be true or false")
    return value


Number = Annotated[float, _number("number")]
Whole = Annotated[int, _number("integer")]
Truth = Annotated[bool, BeforeValidator(_truth)]


Strength = Annotated[float, _number("number"), Field(ge=0, le=1e3)]
"""λ of a penalty term."""


class SpecPart(BaseModel):
    """A part of a spec."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def known_keys(cls) -> list[str]:
        """The keys that the part may have, for a sentence about one that it may not."""
        return list(cls.model_fields)

    @classmethod
    def owners(cls, key: str) -> list[str]:
        """The entries that have ``key`` where others do not."""
        return []


class DataSpec(SpecPart):
    """Which images, how many, how split, and how many wrong labels."""

    name: str = Field("digits", title="Dataset", description="The images to learn from.")
    train_size: Whole | None = Field(
        400,
        ge=2,
        title="Training images",
        description="How many images to train on, drawn with the same class shares. Few images overfit sooner. "
        "Empty means all that the split leaves.",
    )
    label_noise: Number = Field(
        0.0,
        ge=0,
        le=0.95,
        title="Label noise",
        description="Share of training labels replaced by a wrong class. Validation labels stay true.",
    )
    val_fraction: Number = Field(
        0.3,
        ge=0.01,
        le=0.95,
        title="Validation share",
        description="Share of the images kept for validation; test images do not count.",
    )
    val_size: Whole | None = Field(
        None,
        ge=2,
        title="Validation images",
        description="At most so many validation images, to keep large data sets quick. Empty means all of the share.",
    )
    test_fraction: Number = Field(
        0.0,
        ge=0,
        le=0.5,
        title="Test share",
        description="Share of all images locked away before the split, the same for every seed: only a confirmation "
        "opens them. Datasets with official test images lock those instead. 0 means no test images.",
        exclude_if=lambda share: share == 0,  # specs from before there was a test part are written as they were
    )
    seed: Whole = Field(0, ge=0, le=_MAX_SEED, title="Data seed", description="Fixes the split and the flipped labels.")
    folds: Whole | None = Field(
        None,
        ge=2,
        le=50,
        title="Folds",
        description="Cut the images into so many stratified folds, and validate on one of them instead of on the "
        "validation share. Empty means no folds.",
    )
    fold: Whole = Field(0, ge=0, le=49, title="Fold", description="Which fold validates, from 0.")
    blocks: Whole | None = Field(
        None,
        ge=2,
        le=50,
        title="Blocks",
        description="Cut the images outside the test part into so many disjoint stratified blocks, and draw training "
        "and validation images from one of them: runs on different blocks share no image. Empty means no blocks.",
        exclude_if=lambda blocks: blocks is None,  # specs from before there were blocks are written as they were
    )
    block: Whole = Field(
        0,
        ge=0,
        le=49,
        title="Block",
        description="Which block is used, from 0.",
        exclude_if=lambda block: block == 0,
    )

    @model_validator(mode="after")
    def _part_in_range(self) -> DataSpec:
        if self.folds is not None and self.blocks is not None:
            raise ValueError("images are cut into folds or into blocks, not both")
        if self.block and (self.blocks is None or self.block >= self.blocks):
            raise ValueError(
                f"the block must be below the {self.blocks} blocks, not {self.block}"
                if self.blocks
                else f"block {self.block} needs the number of blocks"
            )
        if self.fold and (self.folds is None or self.fold >= self.folds):
            raise ValueError(
                f"the fold must be below the {self.folds} folds, not {self.fold}"
                if self.folds
                else f"fold {self.fold} needs the number of folds"
            )
        return self


class ModelSpec(SpecPart):
    """Which network."""

    name: str = Field("simple_cnn", title="CNN", description="The network to train.")
    dropout: Number = Field(
        0.0, ge=0, le=0.95, title="Dropout", description="Probability of dropping a unit while training; 0 is off."
    )
    batch_norm: Truth = Field(
        False, title="Batch norm", description="Normalise every convolution's output; only for CNNs with this switch."
    )


class PenaltySpec(SpecPart):
    """What is added to the data loss, how it enters the step, and for which parameters.

    Every registered penalty term has its λ under its own key, 0 unless given. A λ of 0 other than those of ``l1`` and
    ``l2`` is dropped, so that specs from before a term was known stay equal to those of today.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Strength] = Field(init=False)

    l1: Strength = Field(0.0, title="λ₁ (L1)", description="Strength of λ₁·Σ|w|: a constant pull towards zero.")
    l2: Strength = Field(
        1e-2,
        title="λ₂ (L2)",
        description="Strength of (λ₂/2)·Σw²: a pull in proportion to the weight. PyTorch's weight_decay is λ₂; "
        "Keras's l2(l) is λ₂ = 2l.",
    )
    apply: Apply = Field(
        "coupled",
        title="Applied",
        description="coupled: its gradient joins the data gradient (weight_decay of SGD and Adam). decoupled: weights "
        "shrink beside the step (AdamW). proximal: a data step, then the exact proximal map; L1 reaches true zeros.",
    )
    scope: Scope = Field(
        "weights",
        title="Scope",
        description="weights: those of convolutions and dense layers. weights+biases: their biases too. all: every "
        "parameter, batch-norm scale and shift included, as PyTorch's weight_decay does.",
    )
    factors: dict[str, Number] = Field(
        default_factory=dict,
        title="Factors",
        description="Parameter name → multiplier of λ for that tensor; 0 exempts it.",
    )

    @model_validator(mode="before")
    @classmethod
    def _known_terms(cls, values: Any) -> Any:
        """Refuse keys of no registered term; drop λ = 0."""
        others = set(values) - set(cls.model_fields) if isinstance(values, Mapping) else ()
        unknown = [key for key in values if key in others and key not in penalty_keys()] if others else []
        if unknown:
            known = PydanticCustomError("extra_forbidden", "Extra inputs are not permitted")
            details = [InitErrorDetails(type=known, loc=(key,), input=values[key]) for key in unknown]
            raise ValidationError.from_exception_data(cls.__name__, details)
        dropped = {key for key in others if not isinstance(values[key], bool | str) and values[key] == 0}
        return {key: value for key, value in values.items() if key not in dropped} if dropped else values

    @model_validator(mode="after")
    def _factors_in_range(self) -> PenaltySpec:
        for name, factor in self.factors.items():
            if not 0 <= factor <= 1e3:
                raise ValueError(f"the factor of {shown(name)} must be from 0 to 1000, not {factor:g}")
        return self

    @classmethod
    def known_keys(cls) -> list[str]:
        return list(dict.fromkeys([*penalty_keys(), *cls.model_fields]))

    @property
    def strengths(self) -> dict[str, float]:
        """Key of each term → its λ: those of ``l1`` and ``l2``, and all others above 0."""
        return {"l1": self.l1, "l2": self.l2, **self.__pydantic_extra__}

    @property
    def zeroes_filters(self) -> bool:
        """Whether a term with λ > 0 can make whole filters exactly 0, so that they are counted."""
        return any(_terms()[key].zeroes_filters for key, strength in self.strengths.items() if strength)

    @property
    def symbols(self) -> dict[str, float]:
        """Symbol of each term's λ → its value: "λ₂" → 0.01."""
        return {_terms()[key].symbol: strength for key, strength in self.strengths.items()}

    @property
    def label(self) -> str:
        """The name of the penalty: "none", "L2", "elastic net", "L2 + group lasso"."""
        active = [key for key, strength in self.strengths.items() if strength]
        return "elastic net" if active == ["l1", "l2"] else " + ".join(_terms()[key].label for key in active) or "none"


def _terms() -> Mapping[str, Any]:
    """The registered penalty terms; imported late, since their package imports this module."""
    entries: Mapping[str, Any] = importlib.import_module("reglab.penalties").PENALTIES.entries
    return entries


def penalty_keys() -> list[str]:
    """The keys of λ: those of :class:`PenaltySpec` itself first, then those of other terms."""
    return ["l1", "l2", *(key for key in _terms() if key not in ("l1", "l2"))]


def penalty_symbol(key: str) -> str:
    """The symbol of a penalty term's λ: "λ₂"."""
    return str(_terms()[key].symbol)


def _optimizers() -> Mapping[str, Any]:
    """The registered optimizers, which build on this module: looked up by name, when a spec is read."""
    entries: Mapping[str, Any] = importlib.import_module("reglab.optimizers").OPTIMIZERS.entries
    return entries


def _known_optimizer(name: Any) -> Any:
    *first, last = map(repr, known := list(_optimizers()))
    if name not in known:
        raise PydanticKnownError("literal_error", {"expected": f"{', '.join(first)} or {last}"})
    return name


class OptimSpec(SpecPart):
    """The optimizer and its learning-rate schedule; an optimizer with settings of its own has them in a subclass."""

    name: Annotated[str, BeforeValidator(_known_optimizer)] = Field(
        "adam", title="Optimizer", description="How gradients become steps."
    )
    lr: Number = Field(1e-3, gt=0, le=10, title="Learning rate", description="Step size at the start of the schedule.")
    momentum: Number = Field(0.9, ge=0, le=0.999, title="Momentum", description="Momentum of SGD; others ignore it.")
    nesterov: Truth = Field(False, title="Nesterov", description="Look-ahead momentum for SGD.")
    schedule: Schedule = Field(
        "constant",
        title="Schedule",
        description="constant; cosine: down to 0 over the run; step: times the decay factor every so many epochs.",
    )
    step_every: Whole = Field(10, ge=1, le=10_000, title="Step every", description="Epochs between steps (epochs).")
    step_factor: Number = Field(0.1, gt=0, le=1, title="Step factor", description="Factor of each learning-rate step.")

    @classmethod
    def known_keys(cls) -> list[str]:
        own = [key for entry in _optimizers().values() for key in entry.own_settings]
        return list(dict.fromkeys([*cls.model_fields, *own]))

    @classmethod
    def owners(cls, key: str) -> list[str]:
        return [name for name, entry in _optimizers().items() if key in entry.own_settings]

    @staticmethod
    def kind(name: Any) -> type[OptimSpec]:
        """The settings' class of the optimizer ``name``: with its own settings, where it has any."""
        entry = _optimizers().get(name) if isinstance(name, str) else None
        kind: type[OptimSpec] = entry.settings if entry else OptimSpec
        return kind

    @classmethod
    def of(cls, name: str, **settings: Any) -> OptimSpec:
        """The settings of the optimizer ``name``, its own included."""
        return cls.kind(name).model_validate({"name": name, **settings})


def _with_own_settings(value: Any, base: ValidatorFunctionWrapHandler) -> OptimSpec:
    """``value`` as the settings' class of the optimizer that it names."""
    if isinstance(value, OptimSpec) and type(value) is not OptimSpec.kind(value.name):
        value = value.model_dump()
    if _is_map(value):
        return OptimSpec.kind(value.get("name")).model_validate(value)
    optim: OptimSpec = base(value)
    return optim


def regularizers() -> Mapping[str, Any]:
    """The registered regularizers; imported late, since their package imports this module."""
    entries: Mapping[str, Any] = importlib.import_module("reglab.regularizers").REGULARIZERS.entries
    return entries


AUGMENTATIONS = ("shift", "flip", "rotate", "crop", "erase")
"""What ``regularize.augment`` may join by "+", in the order in which it is written."""


def _augmentations(value: Any) -> Any:
    """``value`` with each augmentation once, in the order of :data:`AUGMENTATIONS`; "none" where it names none."""
    if value is None or (isinstance(value, str) and value.strip() in ("", "none")):
        return "none"
    named = value.replace("+", " ").split() if isinstance(value, str) else [value]  # a link's + is a space
    if any(word not in AUGMENTATIONS for word in named):
        *first, last = map(repr, AUGMENTATIONS)
        raise PydanticKnownError("literal_error", {"expected": f"'none', or {', '.join(first)}, {last} joined by +"})
    return "+".join(word for word in AUGMENTATIONS if word in named)


class RegularizeSpec(SpecPart):
    """What regularizes besides the penalty, dropout and early stopping; all of it is off unless given.

    A regularizer of another package has its setting under its own key, a number that is 0 unless given.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Number] = Field(init=False)

    label_smoothing: Number = Field(
        0.0,
        ge=0,
        le=0.95,
        title="Label smoothing ε",
        description="Share ε of each label that goes to all classes alike: the training criterion becomes "
        "(1 − ε)·CE + ε·mean CE over classes. 0 is off.",
    )
    mixup: Number = Field(
        0.0,
        ge=0,
        le=100,
        title="Mixup α",
        description="Train on mixtures λx + (1 − λ)x′ of two images and of their labels' losses, one λ ~ Beta(α, α) "
        "a batch. 0.1 to 1 are usual; 0 is off.",
    )
    max_norm: Number | None = Field(
        None,
        gt=0,
        le=1e3,
        title="Max-norm c",
        description="After each step, incoming weights of a unit or filter longer than c are scaled to length c. "
        "2 to 4 are usual; empty is off.",
    )
    augment: Annotated[str, BeforeValidator(_augmentations)] = Field(
        "none",
        title="Augmentation",
        description="Change training images at random, anew in each step: shift (± 10 % of the side), flip (left to "
        "right, half of the images), rotate (± 15°), crop (80 to 100 % of the side, enlarged), erase (a rectangle, "
        "half of the images).",
    )

    @model_validator(mode="before")
    @classmethod
    def _known_regularizers(cls, values: Any) -> Any:
        """Refuse keys and values of no registered regularizer; drop those that are off."""
        others = [key for key in values if key not in cls.model_fields] if isinstance(values, Mapping) else []
        for key in others:
            if key not in cls.known_keys():
                known = PydanticCustomError("extra_forbidden", "Extra inputs are not permitted")
                details = [InitErrorDetails(type=known, loc=(key,), input=values[key])]
                raise ValidationError.from_exception_data(cls.__name__, details)
        dropped = {key for key in others if not isinstance(values[key], bool | str) and values[key] == 0}
        return {key: value for key, value in values.items() if key not in dropped} if dropped else values

    @model_validator(mode="after")
    def _extras_in_range(self) -> RegularizeSpec:
        for key, value in self.__pydantic_extra__.items():
            most = regularizers()[key].most
            if not 0 <= value <= most:
                raise ValueError(f"{key} must be from 0 to {most:g}, not {value:g}")
        return self

    @classmethod
    def known_keys(cls) -> list[str]:
        own = [entry.key for entry in regularizers().values() if entry.part == "regularize"]
        return list(dict.fromkeys([*cls.model_fields, *own]))

    @property
    def label(self) -> str:
        """What is on: "label smoothing 0.1, augmentation shift+flip"; empty where nothing is."""
        own = [entry for entry in regularizers().values() if entry.part == "regularize"]
        values = {entry.label: getattr(self, entry.key, entry.off) for entry in own}
        on = [(entry.label, values[entry.label]) for entry in own if values[entry.label] != entry.off]
        return ", ".join(f"{label} {value if isinstance(value, str) else exact(value)}" for label, value in on)


class TrainSpec(SpecPart):
    """How long, in which batches, from which seed."""

    epochs: Whole = Field(30, ge=1, le=10_000, title="Epochs", description="Passes over the training images.")
    batch_size: Whole = Field(32, ge=1, le=65_536, title="Batch size", description="Images per optimizer step.")
    seed: Whole = Field(
        0,
        ge=0,
        le=_MAX_SEED,
        title="Training seed",
        description="Fixes initial weights, batch order and dropout: the same seed gives the same run, bit for bit.",
    )
    patience: Whole = Field(
        0,
        ge=0,
        le=10_000,
        title="Early stopping",
        description="Stop after so many epochs without a lower validation loss; 0 never stops early.",
    )
    precision: Precision = Field("float32", title="Precision", description="Floating-point type of the weights.")
    keep: Keep = Field(
        "last",
        title="Keep",
        description="Which weights a run ends with. last: those after its last epoch. best: those of the epoch with "
        "the lowest validation loss (Keras: restore_best_weights).",
        exclude_if=lambda keep: keep == "last",  # specs from before this key are written as they were
    )


class RunSpec(SpecPart):
    """One run, complete: data, model, penalty, optimizer, other regularizers, training."""

    data: DataSpec = Field(default_factory=DataSpec)
    model: ModelSpec = Field(default_factory=ModelSpec)
    penalty: PenaltySpec = Field(default_factory=PenaltySpec)
    optim: Annotated[SerializeAsAny[OptimSpec], WrapValidator(_with_own_settings)] = Field(default_factory=OptimSpec)
    regularize: RegularizeSpec = Field(
        default_factory=RegularizeSpec,
        exclude_if=lambda part: part == RegularizeSpec(),  # specs from before this part are written as they were
    )
    train: TrainSpec = Field(default_factory=TrainSpec)

    PARTS: ClassVar[tuple[str, ...]] = ("data", "model", "penalty", "optim", "regularize", "train")

    @classmethod
    def part_types(cls) -> dict[str, type[SpecPart]]:
        """The class of each part, in their order."""
        types = {part: cls.model_fields[part].annotation for part in cls.PARTS}
        return {part: kind for part, kind in types.items() if isinstance(kind, type) and issubclass(kind, SpecPart)}

    @model_validator(mode="before")
    @classmethod
    def _mode_of_the_optimizer(cls, values: Any) -> Any:
        """AdamW means decoupled decay: an optimizer may imply ``apply`` where the spec does not give it."""
        if not isinstance(values, Mapping):
            return values
        optim, penalty = values.get("optim"), values.get("penalty", {})
        chosen = optim.name if isinstance(optim, OptimSpec) else (optim or {}).get("name") if _is_map(optim) else None
        mode = _implied_mode(chosen)
        if mode != "coupled" and _is_map(penalty) and "apply" not in penalty:
            return {**values, "penalty": {**penalty, "apply": mode}}
        return values

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> RunSpec:
        """The spec that nested ``values`` describe; missing keys take their defaults.

        :raises SpecError: naming the key, what it must be, and what it was.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise SpecError(sentence(error, cls.part_types(), cls.PARTS)) from None

    @classmethod
    def from_yaml(cls, text: str) -> RunSpec:
        """The spec in YAML or JSON ``text``; an empty text is the default spec."""
        values = spec_text.read(text)
        if values is None:
            return cls()
        if not isinstance(values, dict):
            raise SpecError(
                "The spec must be a mapping with the parts data, model, penalty, optim, regularize and train."
            )
        return cls.parse(values)

    def to_yaml(self) -> str:
        """The spec as YAML that :meth:`from_yaml` reads back equal."""
        return spec_text.dump(self.model_dump())

    def with_changes(self, changes: Mapping[str, Any]) -> RunSpec:
        """This spec with dotted keys replaced, e.g. ``{"penalty.l2": 0.01}``; text is read as in YAML."""
        values = self.model_dump()
        if changes.get("optim.name", self.optim.name) != self.optim.name:
            values["optim"] = self.optim.model_dump(include=set(OptimSpec.model_fields))
        for key, value in changes.items():
            part, _, name = key.partition(".")
            if part not in self.PARTS or not name:
                near = suggestion(key, list(self.flat()))
                raise SpecError(f"Unknown setting {shown(key)}{near}; write it as part.key, e.g. penalty.l2.")
            values[part] = {**values.get(part, {}), name: _value(key, value)}
        if _implied_mode(changes.get("optim.name")) != "coupled" and "penalty.apply" not in changes:
            values["penalty"].pop("apply")
        return self.parse(values)

    def with_assignments(self, assignments: Iterable[str]) -> RunSpec:
        """This spec with ``penalty.l2=1e-2``-like assignments (``--set`` on the command line)."""
        changes: dict[str, str] = {}
        for text in assignments:
            key, equals, value = (part.strip() for part in text.partition("="))
            if not equals:
                raise SpecError(f"Cannot read {shown(key)}; write part.key=value, e.g. penalty.l2=1e-2.")
            if key in changes:
                raise SpecError(f"{clipped(key)} is set twice; keep one of the two values.")
            changes[key] = value
        return self.with_changes(changes)

    def to_query(self) -> dict[str, str]:
        """The settings that differ from the defaults as URL parameters, e.g. ``{"penalty.l2": "0.03"}``."""
        implied = RunSpec().with_changes({"optim.name": self.optim.name}).flat()
        default = {**implied, "optim.name": RunSpec().optim.name}
        return {key: _text(value) for key, value in self.flat().items() if value != default.get(key)}

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> RunSpec:
        """The spec of URL parameters; those without a dot are not ours and are passed over."""
        return cls().with_changes({key: value for key, value in query.items() if "." in key})

    def flat(self) -> dict[str, Any]:
        """Dotted key → value for every setting, in order; also of those that a dump leaves out at their default."""
        return {f"{part}.{key}": value for part in self.PARTS for key, value in _all_of(getattr(self, part)).items()}

    @classmethod
    def fresh(cls) -> RunSpec:
        """The default spec of a new run, with a test part; a written spec without ``data.test_fraction`` has none."""
        return cls(data=DataSpec(test_fraction=TEST_FRACTION))


def _all_of(part: SpecPart) -> dict[str, Any]:
    return {**{name: getattr(part, name) for name in type(part).model_fields}, **part.model_dump()}


def _implied_mode(optimizer: Any) -> Apply:
    """The penalty mode of an optimizer where none is given."""
    entry = _optimizers().get(optimizer) if isinstance(optimizer, str) else None
    mode: Apply = entry.mode if entry else "coupled"
    return mode


def _is_map(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping)


def _value(key: str, value: Any) -> Any:
    """Text from a URL or a shell as the value that it spells in YAML; a name stays text, whatever it looks like."""
    if not isinstance(value, str):
        return value
    if value in ("", "null", "none"):
        return None
    if _is_text(key):
        return value
    return spec_text.read(value, clipped(key)) if value.startswith("{") else spec_text.scalar(value)


def _is_text(key: str) -> bool:
    """Whether the setting ``key`` takes a name or a word."""
    part, _, name = key.partition(".")
    field = RunSpec.part_types()[part].model_fields.get(name)
    return field is not None and (field.annotation is str or get_origin(field.annotation) is Literal)


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
