"""The images of a run."""

from __future__ import annotations

from pydantic import Field, model_validator

from reglab.spec.part import MAX_SEED, Number, SpecPart, Whole

TEST_FRACTION = 0.2
"""``data.test_fraction`` of new specs: those of the forms, the demonstrations and commands without a spec file."""


class DataSpec(SpecPart):
    """Which images, how many, how split, and how many wrong labels."""

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
