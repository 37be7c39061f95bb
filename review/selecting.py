"""Choosing dialogues of a dataset by what they are: for lists, and for machine work over them."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from django.db.models import CharField, Value
from django.db.models.functions import MD5, Cast, Concat

from review.errors import Invalid
from review.models import Dataset, Import, Stage, Trait
from review.models.dialogues import DialogueQuerySet


@dataclass(frozen=True)
class Selection:
    """Dialogues that hold `words` in their final query or id, stand at `stage`, came with an
    import (its number), of which retrieval shows a `trait`; `sample` draws so many of them by the
    dataset's seed. Empty: all."""

    words: str = ""
    stage: str = ""
    import_id: int | None = None
    sample: int | None = None
    trait: str = ""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(**data)

    def as_json(self) -> dict[str, Any]:
        """What is said of it, to be kept with a run."""
        return {name: value for name, value in asdict(self).items() if value not in ("", None)}

    def check(self, dataset: Dataset) -> None:
        """Raises `Invalid` for what no dialogue can be."""
        if self.stage and self.stage not in Stage.values:
            stages = ", ".join(Stage.values)
            raise Invalid(f"There is no stage “{self.stage}”: use {stages}.", field="stage")
        if self.trait and self.trait not in Trait.values:
            traits = ", ".join(Trait.values)
            raise Invalid(f"There is no trait “{self.trait}”: use {traits}.", field="trait")
        if self.sample is not None and self.sample < 1:
            raise Invalid(
                "A sample has at least 1 dialogue; leave it empty for all.", field="sample"
            )
        if self.import_id is not None and not _is_known(self.import_id, dataset):
            raise Invalid(
                f"There is no import {self.import_id} of this dataset.", field="import_id"
            )

    def of(self, dataset: Dataset) -> DialogueQuerySet:
        """The chosen dialogues, in no order unless they are drawn."""
        rows: DialogueQuerySet = dataset.dialogues.all()
        if self.words:
            rows = rows.matching(self.words)
        if self.stage:
            rows = rows.filter(stage=self.stage)
        if self.import_id is not None:
            rows = rows.filter(imported_by=self.import_id)
        if self.trait:
            rows = rows.with_trait(self.trait)
        return rows if self.sample is None else _drawn(rows, dataset, self.sample)


EVERYTHING = Selection()


def _drawn(rows: DialogueQuerySet, dataset: Dataset, most: int) -> DialogueQuerySet:
    """A sample that stays the same: drawn by a hash of the dataset's seed and the imported id."""
    ticket = MD5(Concat(Value(f"{dataset.seed}/"), Cast("external_id", CharField())))
    keys = rows.order_by(ticket, "pk").values_list("pk", flat=True)[:most]
    return dataset.dialogues.filter(pk__in=list(keys))


def _is_known(import_id: int, dataset: Dataset) -> bool:
    return Import.objects.filter(pk=import_id, dataset=dataset).exists()
