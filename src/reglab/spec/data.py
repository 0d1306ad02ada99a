"""The images of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from reglab.errors import shown
from reglab.number_format import exact, exact_percent
from reglab.spec.part import MAX_SEED, Number, SpecPart, Whole, is_map

TEST_FRACTION = 0.2
"""``data.test_fraction`` of new specs: those of the forms, the demonstrations and commands without a spec file."""

Balance = Literal["stratified", "equal"]
NoiseKind = Literal["symmetric", "asymmetric", "per_class"]
ValidationPart = Literal["share", "own"]

_MOST_CLASSES = 1000


def _class_name(value: Any) -> Any:
    """A class by its name or its number; a number becomes text, as it has a name's place in YAML."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


ClassName = Annotated[str, BeforeValidator(_class_name)]


class DataSpec(SpecPart):
    """Which images, how many, how split; and what makes them scarce, uneven or noisy on purpose.

    Settings that are newer than the first version are left out of a written spec at their default, so that specs from
    before are written as they were.
    """

    name: str = Field("digits", title="Dataset", description="The images to learn from.")
    digest: str | None = Field(
        None,
        pattern="^[0-9a-f]{64}$",
        title="Content",
        description="SHA-256 of an imported dataset's images, filled in when a run is created. Empty means whatever "
        "has the name.",
        exclude_if=lambda digest: digest is None,  # datasets that RegLab comes with have none
    )
    train_size: Whole | None = Field(
        400,
        ge=2,
        title="Training images",
        description="How many images to train on, drawn with the same class shares. Few images overfit sooner. "
        "Empty means all that the split leaves.",
    )
    train_share: Number | None = Field(
        None,
        gt=0,
        le=1,
        title="Training share",
        description="Share of the images that the split leaves, in place of a number: round(share · n) of n. Empty "
        "means that the number of training images counts.",
        exclude_if=lambda share: share is None,
    )
    train_balance: Balance = Field(
        "stratified",
        title="Class balance",
        description="stratified: class shares as in the dataset. equal: the same number of training images of each "
        "class, at most as many as the smallest one has. Validation images keep their shares.",
        exclude_if=lambda balance: balance == "stratified",
    )
    imbalance: Number = Field(
        1.0,
        ge=1,
        le=10_000,
        title="Imbalance factor ρ",
        description="Long tail of training images: n_c = max(1, ⌊m·ρ^(−c/(C − 1))⌋) of class c = 0 … C − 1, so class 0 "
        "has ρ times as many as the last one (Cui et al. 2019). m follows from the number of images, or from what "
        "there is. 1 is off.",
        exclude_if=lambda factor: factor == 1,
    )
    label_noise: Number = Field(
        0.0,
        ge=0,
        le=0.95,
        title="Label noise",
        description="Share of training labels replaced by a wrong class. Validation labels stay true.",
    )
    noise_kind: NoiseKind = Field(
        "symmetric",
        title="Kind of label noise",
        description="symmetric: round(share · n) of n labels become any other class. asymmetric: round(share · n_c) "
        "labels of each class c in the map become the class that it names. per_class: round(share_c · n_c) labels of "
        "each class become any other class.",
        exclude_if=lambda kind: kind == "symmetric",
    )
    noise_map: dict[ClassName, ClassName] = Field(
        default_factory=dict,
        title="Confusion map",
        description="For asymmetric noise: class → the class that its wrong labels name; other classes have none. "
        "Classes by name or number. Empty means the usual confusions of the dataset, or c → c + 1.",
        exclude_if=lambda named: not named,
    )
    noise_by_class: dict[ClassName, Number] = Field(
        default_factory=dict,
        title="Noise by class",
        description="For noise per class: class → share of its labels that are wrong, 0 to 1. Classes that are not "
        "named have the label noise.",
        exclude_if=lambda named: not named,
    )
    input_noise: Number = Field(
        0.0,
        ge=0,
        le=10,
        title="Input noise σ",
        description="Gaussian noise on training images: x + σ·ε, pixels from 0 (black) to 1, not clipped. ε is drawn "
        "once an image from the data seed, before images are normalised.",
        exclude_if=lambda sigma: sigma == 0,
    )
    val_input_noise: Number = Field(
        0.0,
        ge=0,
        le=10,
        title="Validation input noise σ",
        description="The same noise on validation images, in the same unit. Test images have none.",
        exclude_if=lambda sigma: sigma == 0,
    )
    validation: ValidationPart = Field(
        "share",
        title="Validation part",
        description="share: the validation share of the images. own: the validation part that the dataset brings, "
        "which no training image is then taken from.",
        exclude_if=lambda part: part == "share",
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
    resize: Whole | None = Field(
        None,
        ge=8,
        le=224,
        title="Resize",
        description="Pixels of the images' shorter side; the aspect is kept. Done once, by PIL's antialiased bilinear "
        "filter. Empty means as they are.",
        exclude_if=lambda resize: resize is None,  # specs from before this key are written as they were
    )
    seed: Whole = Field(0, ge=0, le=MAX_SEED, title="Data seed", description="Fixes the split and the flipped labels.")
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

    @model_validator(mode="before")
    @classmethod
    def _share_in_place_of_the_number(cls, values: Any) -> Any:
        """A share of training images without a number of them leaves the number empty."""
        if is_map(values) and values.get("train_share") is not None and "train_size" not in values:
            return {**values, "train_size": None}
        return values

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

    @model_validator(mode="after")
    def _knobs_that_go_together(self) -> DataSpec:
        if self.train_share is not None and self.train_size is not None:
            raise ValueError("data.train_share and data.train_size exclude each other; leave one of them empty")
        if self.imbalance > 1 and self.train_balance == "equal":
            raise ValueError("data.imbalance above 1 and data.train_balance equal exclude each other")
        if self.folds is not None and (self.uneven or self.validation == "own"):
            what = "a validation part of its own" if self.validation == "own" else "chosen class sizes"
            raise ValueError(f"{what} and folds exclude each other; repeat over seeds instead")
        if self.blocks is not None and self.validation == "own":
            raise ValueError("a validation part of its own and blocks exclude each other; repeat over seeds instead")
        return self

    @model_validator(mode="after")
    def _noise_in_range(self) -> DataSpec:
        for key, kind in (("noise_map", "asymmetric"), ("noise_by_class", "per_class")):
            named = getattr(self, key)
            if named and self.noise_kind != kind:
                raise ValueError(f"data.{key} belongs to data.noise_kind {kind}, not to {self.noise_kind}")
            if len(named) > _MOST_CLASSES:
                raise ValueError(f"data.{key} names {len(named):,} classes, more than the {_MOST_CLASSES:,} allowed")
        for name, share in self.noise_by_class.items():
            if not 0 <= share <= 1:
                raise ValueError(f"the share of wrong labels of {shown(name)} must be from 0 to 1, not {share:g}")
        return self

    def __hash__(self) -> int:
        return hash(self.model_dump_json())  # maps have no hash of their own

    @property
    def uneven(self) -> bool:
        """Whether the training images have other class shares than the dataset."""
        return self.imbalance > 1 or self.train_balance == "equal"

    @property
    def has_label_noise(self) -> bool:
        """Whether training labels are made wrong on purpose."""
        return self.label_noise > 0 or any(share > 0 for share in self.noise_by_class.values())

    @property
    def noise_label(self) -> str:
        """For example "20 % wrong labels", "asymmetric label noise 40 %"; empty without label noise."""
        if not self.has_label_noise:
            return ""
        if self.noise_by_class:
            return "label noise by class"
        share = exact_percent(self.label_noise)
        return {
            "symmetric": f"{share} wrong labels",
            "asymmetric": f"asymmetric label noise {share}",
            "per_class": f"{share} wrong labels of each class",
        }[self.noise_kind]

    @property
    def label(self) -> str:
        """What else is on, for example "long tail ρ = 50, input noise σ = 0.1"; empty where nothing is."""
        parts = [f"resized to {self.resize} px"] * (self.resize is not None)
        parts += [f"training share {exact_percent(self.train_share or 0)}"] * (self.train_share is not None)
        parts += ["equal classes"] * (self.train_balance == "equal")
        parts += [f"long tail ρ = {exact(self.imbalance)}"] * (self.imbalance > 1)
        parts += [f"input noise σ = {exact(self.input_noise)}"] * (self.input_noise > 0)
        parts += [f"validation input noise σ = {exact(self.val_input_noise)}"] * (self.val_input_noise > 0)
        parts += ["the dataset's own validation part"] * (self.validation == "own")
        return ", ".join(parts)


def with_one_size(values: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` of the part after a change of ``changed`` keys: a new number of images replaces a share, and back."""
    found, (share, size) = dict(values), (changed.get(key) is not None for key in ("train_share", "train_size"))
    if share and not size:
        found["train_size"] = None
    if size and not share:
        found.pop("train_share", None)
    return found
