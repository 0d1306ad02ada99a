"""One run, complete: its parts, and what it is written as."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BeforeValidator, Field, SerializeAsAny, ValidationError, WrapValidator, model_validator

from reglab import spec_text
from reglab.errors import SpecError, shown, suggestion
from reglab.spec.data import TEST_FRACTION, DataSpec, with_one_size
from reglab.spec.optim import OptimSpec, implied_mode, with_own_settings
from reglab.spec.part import MAX_SEED, Number, SpecPart, Truth, Whole, is_map
from reglab.spec.penalty import Apply, PenaltySpec, Scope
from reglab.spec.regularize import RegularizeSpec
from reglab.spec.text import read_assignments, text_of, value_of
from reglab.spec_errors import sentence

Precision = Literal["float32", "float64"]
Keep = Literal["last", "best"]
ClassWeights = Literal["none", "balanced"]
Head = Literal["dense", "pool"]


def _no_word(value: Any) -> Any:
    """``None``, which the text "none" is read as, as the word."""
    return "none" if value is None else value


class ModelSpec(SpecPart):
    """Which network."""

    name: str = Field("simple_cnn", title="CNN", description="The network to train.")
    dropout: Number = Field(
        0.0, ge=0, le=0.95, title="Dropout", description="Probability of dropping a unit while training; 0 is off."
    )
    batch_norm: Truth = Field(
        False, title="Batch norm", description="Normalise every convolution's output; only for CNNs with this switch."
    )
    head: Head = Field(
        "dense",
        title="Head",
        description="What the first dense layer sees. dense: every pixel of every map. pool: the mean of each map "
        "(global average pooling), so that the CNN does not grow with the images.",
        exclude_if=lambda head: head == "dense",  # specs from before this key are written as they were
    )


class TrainSpec(SpecPart):
    """How long, in which batches, from which seed."""

    epochs: Whole = Field(30, ge=1, le=10_000, title="Epochs", description="Passes over the training images.")
    batch_size: Whole = Field(32, ge=1, le=65_536, title="Batch size", description="Images per optimizer step.")
    seed: Whole = Field(
        0,
        ge=0,
        le=MAX_SEED,
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
    class_weights: Annotated[ClassWeights, BeforeValidator(_no_word)] = Field(
        "none",
        title="Class weights",
        description="For uneven classes. balanced: the loss of an image of class c counts ω_c = n/(C·n_c) times, n_c "
        "being its training labels; a batch's criterion is Σ ω·ℓ / Σ ω. Losses that are shown stay unweighted.",
        exclude_if=lambda weights: weights == "none",
    )


class RunSpec(SpecPart):
    """One run, complete: data, model, penalty, optimizer, other regularizers, training."""

    data: DataSpec = Field(default_factory=DataSpec)
    model: ModelSpec = Field(default_factory=ModelSpec)
    penalty: PenaltySpec = Field(default_factory=PenaltySpec)
    optim: Annotated[SerializeAsAny[OptimSpec], WrapValidator(with_own_settings)] = Field(default_factory=OptimSpec)
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
        chosen = optim.name if isinstance(optim, OptimSpec) else (optim or {}).get("name") if is_map(optim) else None
        mode = implied_mode(chosen)
        if mode != "coupled" and is_map(penalty) and "apply" not in penalty:
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
            values[part] = {**values.get(part, {}), name: value_of(key, value, self.part_types())}
        own = {key[5:]: values["data"][key[5:]] for key in changes if key.startswith("data.")}
        values["data"] = with_one_size(values["data"], own)
        if implied_mode(changes.get("optim.name")) != "coupled" and "penalty.apply" not in changes:
            values["penalty"].pop("apply")
        return self.parse(values)

    def with_assignments(self, assignments: Iterable[str]) -> RunSpec:
        """This spec with ``penalty.l2=1e-2``-like assignments (``--set`` on the command line)."""
        return self.with_changes(read_assignments(assignments))

    def to_query(self) -> dict[str, str]:
        """The settings that differ from the defaults as URL parameters, e.g. ``{"penalty.l2": "0.03"}``."""
        implied = RunSpec().with_changes({"optim.name": self.optim.name}).flat()
        default = {**implied, "optim.name": RunSpec().optim.name}
        return {key: text_of(value) for key, value in self.flat().items() if value != default.get(key)}

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> RunSpec:
        """The spec of URL parameters; those without a dot are not ours and are passed over."""
        return cls().with_changes({key: value for key, value in query.items() if "." in key})

    def flat(self) -> dict[str, Any]:
        """Dotted key → value for every setting, in order; also of those that a dump leaves out at their default."""
        return {f"{part}.{key}": value for part in self.PARTS for key, value in _all_of(getattr(self, part)).items()}

    @property
    def on_purpose(self) -> str:
        """What is done to the data on purpose, and class weights: "20 % wrong labels, long tail ρ = 50"; else empty."""
        weights = "class weights in the loss" if self.train.class_weights != "none" else ""
        return ", ".join(filter(None, (self.data.noise_label, self.data.label, weights)))

    @property
    def twins(self) -> tuple[RunSpec, ...]:
        """The specs of the same training, this one first: where every λ is 0, mode, scope and factors have no effect.

        Other factors than these and none are left out.
        """
        if any(self.penalty.strengths.values()):
            return (self,)
        own = self.penalty
        others = [
            own.model_copy(update={"apply": apply, "scope": scope, "factors": factors})
            for apply in get_args(Apply)
            for scope in get_args(Scope)
            for factors in ([own.factors, {}] if own.factors else [{}])
        ]
        return (self, *(self.model_copy(update={"penalty": other}) for other in others if other != own))

    @classmethod
    def fresh(cls) -> RunSpec:
        """The default spec of a new run, with a test part; a written spec without ``data.test_fraction`` has none."""
        return cls(data=DataSpec(test_fraction=TEST_FRACTION))


def _all_of(part: SpecPart) -> dict[str, Any]:
    return {**{name: getattr(part, name) for name in type(part).model_fields}, **part.model_dump()}
