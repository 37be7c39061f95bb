"""Setting up the retrievers of a dataset: adding, changing, choosing the primary, retiring.

`by` is the person who asks and must administer the dataset; None where the operator of the machine
does it on the command line. What must be computed anew is found by whoever fills vectors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from generation.models import ConfiguredRetriever, Endpoint, Job, RetrieverKind
from generation.models.retrievers import NAME
from generation.retrievers import KINDS, configured
from review import retrieval, traits
from review.errors import Conflict, Invalid, Missing
from review.models import Dataset, User
from review.permissions import check_can_administer

FEWEST_MEMBERS = 2
LONGEST_NAME = 64
# Each checks every approval, and the marks of all stand with a dialogue in one row of an index.
MOST = 24


@dataclass(frozen=True)
class Wanted:
    """What is said of a retriever: `endpoint` by name for that kind, `members` for a fusion."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    endpoint: str = ""
    members: Sequence[str] = ()

    @classmethod
    def of(cls, row: ConfiguredRetriever) -> Self:
        """What was said of a retriever before."""
        endpoint = row.endpoint.name if row.endpoint else ""
        return cls(row.settings, endpoint, [member.name for member in row.members.all()])


def add_retriever(
    *, dataset: Dataset, name: str, kind: str, wanted: Wanted, by: User | None = None
) -> ConfiguredRetriever:
    """One more way to search a dataset; the shipped one is there from the start.

    Raises `Invalid` with the field at fault, `Conflict` for a name that is taken.
    """
    _check_by(by, dataset)
    _check_name(name)
    if kind not in KINDS:
        raise Invalid(f"There is no kind “{kind}”. There are: {', '.join(KINDS)}.", field="kind")
    configured(dataset)  # The shipped one stays the primary beside whatever comes.
    row = ConfiguredRetriever(dataset=dataset, name=name, kind=kind)
    try:
        return _save(row, wanted)
    except IntegrityError:
        raise Conflict(
            f"There is a retriever “{name}” already. Choose another name.", field="name"
        ) from None


def change_retriever(
    *, retriever: ConfiguredRetriever, wanted: Wanted, by: User | None = None
) -> ConfiguredRetriever:
    """Another model or other settings. Where they change its vectors these are computed anew; the
    ones before serve the desk meanwhile, and checks made with them become outdated."""
    _check_by(by, retriever.dataset)
    return _save(retriever, wanted)


@transaction.atomic
def make_primary(*, retriever: ConfiguredRetriever, by: User | None = None) -> None:
    """Its ranks decide the outcome of checks from now on, and the desk uses it. Outcomes already
    decided stay until a check run renews them; what deceives is looked for anew by itself."""
    _check_by(by, retriever.dataset)
    rows = _locked(retriever.dataset)
    rows.filter(primary=True).update(primary=False)
    if not rows.filter(pk=retriever.pk).update(primary=True):
        raise Conflict(f"“{retriever.name}” was retired meanwhile. Load the page again.")
    retriever.primary = True
    traits.look_anew(retriever.dataset)


@transaction.atomic
def retire_retriever(*, retriever: ConfiguredRetriever, by: User | None = None) -> None:
    """Nothing is searched with it any more. What it found stays, and its name is free again."""
    _check_by(by, retriever.dataset)
    rows = _locked(retriever.dataset)
    if rows.filter(pk=retriever.pk, primary=True).exists():
        raise Conflict(
            f"“{retriever.name}” is the primary retriever. Make another one primary first."
        )
    fusions = rows.filter(members=retriever).values_list("name", flat=True)
    if fusions:
        raise Conflict(
            f"“{retriever.name}” is a member of {', '.join(fusions)}. Take it out there, or retire "
            "that first."
        )
    rows.filter(pk=retriever.pk).update(retired=True)
    retriever.retired = True
    retrieval.forget(retriever.dataset, retriever.name)
    traits.look_anew(retriever.dataset)


def retriever_of(dataset: Dataset, name: str) -> ConfiguredRetriever:
    """A dataset's retriever in use. Raises `Missing`."""
    for row in configured(dataset):
        if row.name == name:
            return row
    raise Missing(f"{dataset.slug} has no retriever “{name}”. See the list of them.")


@transaction.atomic
def _save(row: ConfiguredRetriever, wanted: Wanted) -> ConfiguredRetriever:
    rows = _locked(row.dataset)
    if row.pk is not None and not rows.filter(pk=row.pk).exists():
        raise Conflict(f"“{row.name}” was retired meanwhile. Load the page again.")
    row.settings = KINDS[row.kind].settings(wanted.settings)
    if row.pk is None and rows.count() >= MOST:
        raise Conflict(
            f"{row.dataset.slug} has {MOST} retrievers, which is the most: each of them checks "
            "every approval. Retire one that is not needed any more."
        )
    row.endpoint = _endpoint(row, wanted.endpoint)
    members = _members(row, wanted.members)
    _check_differs(row, members, rows)
    # Whoever loads the model finds out anew what it is, and whether it can be had.
    row.problem = ""
    # Of a known one nothing else: it may have become the primary meanwhile, or its model known.
    row.save(update_fields=None if row.pk is None else ["settings", "endpoint", "problem"])
    row.members.set(members)
    return row


def _check_differs(
    row: ConfiguredRetriever, members: Sequence[ConfiguredRetriever], rows: Any
) -> None:
    """What ranks alike checks once: the second of two would have no checks of its own."""
    alike = rows.filter(kind=row.kind, settings=row.settings, endpoint=row.endpoint)
    for other in alike.exclude(name=row.name).prefetch_related("members"):
        if set(other.members.all()) == set(members):
            raise Invalid(
                f"“{other.name}” is the same retriever: it would rank the same images alike. "
                "Change the settings of one of them.",
                field="settings",
            )


def _endpoint(row: ConfiguredRetriever, name: str) -> Endpoint | None:
    if row.kind != RetrieverKind.ENDPOINT:
        if name:
            raise Invalid(f"A retriever of kind {row.kind} asks no endpoint.", field="endpoint")
        return None
    found = Endpoint.objects.within(row.dataset).filter(name=name).first()
    if found is None:
        raise Invalid(
            f"There is no endpoint “{name}”. Connect the embeddings server under Models first."
            if name
            else "Name the endpoint of the embeddings server.",
            field="endpoint",
        )
    if Job.EMBED not in found.jobs:
        raise Invalid(
            f"Endpoint “{name}” is not used for vectors. Tick “vectors for retrievers” under what "
            "it is used for.",
            field="endpoint",
        )
    return found


def _members(row: ConfiguredRetriever, names: Sequence[str]) -> list[ConfiguredRetriever]:
    if row.kind != RetrieverKind.FUSION:
        if names:
            raise Invalid(f"A retriever of kind {row.kind} has no members.", field="members")
        return []
    simple = {one.name: one for one in configured(row.dataset) if one.kind != RetrieverKind.FUSION}
    unknown = [name for name in names if name not in simple]
    if unknown:
        raise Invalid(
            f"“{unknown[0]}” is no retriever of this dataset that can be fused. There are: "
            f"{', '.join(simple)}.",
            field="members",
        )
    if len(set(names)) < FEWEST_MEMBERS:
        raise Invalid("A fusion puts at least two retrievers together.", field="members")
    return [simple[name] for name in dict.fromkeys(names)]


def _locked(dataset: Dataset) -> Any:
    """The dataset's retrievers in use, which nobody else changes until this is done."""
    Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)
    return ConfiguredRetriever.objects.within(dataset)


def _check_by(by: User | None, dataset: Dataset) -> None:
    if by is not None:
        check_can_administer(by, dataset)


def _check_name(name: str) -> None:
    try:
        NAME(name[: LONGEST_NAME + 1])
    except ValidationError:
        name = ""
    if not 0 < len(name) <= LONGEST_NAME:
        raise Invalid(
            f"A name has lower-case letters, digits and hyphens, at most {LONGEST_NAME}.",
            field="name",
        )
