"""What a benchmark run is to be: checked and frozen when it starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from generation import retrievers
from generation.benchmark import forms
from generation.benchmark.forms import Form, Rewrites
from generation.benchmark.report import RATES
from generation.errors import NotReady
from generation.models import ConfiguredRetriever, Endpoint, Run
from generation.retrievers.corpora import edition_of
from review.errors import Invalid
from review.models import Dataset
from review.models.dialogues import DialogueQuerySet
from review.selecting import Selection

PRIMARY_METRIC = "R@10"


@dataclass(frozen=True)
class BenchmarkOptions:
    """What a person says of a benchmark. Without `retrievers` or `forms`: all that there are.

    `rewrites` are files by the names of their forms, `metric` is the one that comparisons are of.
    """

    retrievers: Sequence[str] = ()
    forms: Sequence[str] = ()
    rewrites: Mapping[str, Rewrites] = field(default_factory=dict)
    metric: str = PRIMARY_METRIC

    def say_nothing(self) -> bool:
        return not (self.retrievers or self.forms or self.rewrites or self.metric != PRIMARY_METRIC)


def subjects(dataset: Dataset, selection: Selection) -> DialogueQuerySet:
    """The dialogues that a benchmark can be of: approved, with targets."""
    return selection.of(dataset).approved().exclude(target_images=[])


def parameters(dataset: Dataset, selection: Selection, options: BenchmarkOptions) -> dict[str, Any]:
    """What a run keeps of it. Raises `Invalid` with the field at fault."""
    if options.metric not in RATES:
        raise Invalid(
            f"There is no metric “{options.metric}”. There are: {', '.join(RATES)}.", field="metric"
        )
    rows = chosen_retrievers(dataset, options.retrievers)
    there = forms.available(subjects(dataset, selection), options.rewrites)
    edition = edition_of(dataset)
    return {
        "retrievers": [_frozen(row) for row in rows],
        "forms": [form.as_json() for form in forms.chosen(there, options.forms)],
        "corpus_version": edition.version,
        "corpus_images": edition.images,
        "leaves_out": dataset.leave_out_shown,
        "margin": dataset.check_margin,
        "metric": options.metric,
        "seed": dataset.seed,
    }


def chosen_retrievers(dataset: Dataset, names: Sequence[str]) -> list[ConfiguredRetriever]:
    """The retrievers of a dataset, its primary first; those named, or all. Raises `Invalid`."""
    rows = retrievers.configured(dataset)
    known = {row.name for row in rows}
    if unknown := [name for name in names if name not in known]:
        raise Invalid(
            f"There is no retriever “{unknown[0]}” in {dataset.slug}. There are: "
            f"{', '.join(row.name for row in rows)}.",
            field="retrievers",
        )
    return [row for row in rows if not names or row.name in names]


def asked_endpoints(dataset: Dataset, names: Sequence[str]) -> list[Endpoint]:
    """The endpoints at which retrievers have their texts embedded, those within fusions too."""
    rows = chosen_retrievers(dataset, names)
    members = [member for row in rows for member in row.members.select_related("endpoint")]
    found = [row.endpoint for row in [*rows, *members] if row.endpoint is not None]
    return list(dict.fromkeys(found))


def forms_of(run: Run) -> list[Form]:
    return [Form.from_json(entry) for entry in run.parameters["forms"]]


def _frozen(row: ConfiguredRetriever) -> dict[str, Any]:
    """Its hash is "" where no worker has loaded its model yet."""
    made = retrievers.made(row)
    try:
        hash = made.hash
    except NotReady:
        hash = ""
    return {"name": row.name, "kind": row.kind, "version": made.version, "hash": hash}
