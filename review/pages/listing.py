"""The list of a dataset's dialogues: filtered, searched, page by page.

Pages are found by key (`after`, `before`), so that the last is as quick as the first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from review import checking, relevance
from review.agreement.behind import Behind, overseen
from review.errors import Invalid
from review.languages import language_name, languages_in
from review.models import (
    Approval,
    CheckOutcome,
    Dataset,
    Dialogue,
    Image,
    Membership,
    Stage,
    Trait,
)
from review.models.dialogues import DialogueQuerySet
from review.pages.people import SignedIn, wants_fragment
from review.permissions import dataset_for
from review.practice import masking
from review.progress import stages_of
from review.visibility import Sight, shows_traits, sights, with_seen_checks

PAGE_SIZE = 30
FILTERS = [
    *("q", "stage", "approval", "check", "images"),
    *("trait", "language", "judges", "agreement"),
]
# Counting stops here: nobody reads that many, and counting all would be slow.
MOST_COUNTED = 1000
THUMBNAILS = 3

AWAITING = "awaiting"
OUTDATED = "outdated"
CHECKS = [
    (CheckOutcome.IMPROVED, "Improved"),
    (CheckOutcome.SAME, "Same"),
    (CheckOutcome.WORSE, "Worse"),
    (CheckOutcome.UNRANKED, "Not ranked"),
    (AWAITING, "Awaiting its check"),
    (OUTDATED, "Outdated"),
]


# As a dialogue should be, or nearly every one is: a line of the list does without.
UNREMARKABLE = {Trait.HISTORY_REQUIRED, Trait.PADDING}
UNTOLD = "und"
JUDGED = "judged"
IMAGES = [(JUDGED, "Other images judged"), ("unjudged", "Other images not judged")]
JUDGES = [
    ("differ", "Judges differ by 1 or more"),
    ("pass", "Some candidate passes"),
    ("fail", "No candidate passes"),
]


class DialogueFilter(django_filters.FilterSet):
    """What a list may be narrowed to. Checks show only where this member may see them."""

    q = django_filters.CharFilter(
        method="search",
        label="Search",
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Words or an id"}),
    )
    stage = django_filters.ChoiceFilter(
        method="standing",
        choices=[(stage.value, stage.label) for stage in Stage],
        empty_label="All stages",
    )
    check = django_filters.ChoiceFilter(
        method="checked", choices=CHECKS, empty_label="Any check", label="Check"
    )

    images = django_filters.ChoiceFilter(
        method="looked_at", choices=IMAGES, empty_label="Judged or not", label="Other images"
    )
    trait = django_filters.ChoiceFilter(
        method="showing", choices=Trait.choices, empty_label="Whatever it shows", label="Shows"
    )
    approval = django_filters.ChoiceFilter(
        method="approved_as",
        choices=[(approval.value, approval.label) for approval in Approval],
        empty_label="However approved",
        label="Approved as",
    )
    language = django_filters.ChoiceFilter(method="written", empty_label="All languages")
    judges = django_filters.ChoiceFilter(
        method="judged", choices=JUDGES, empty_label="Whatever judges say", label="Judges"
    )
    # What a number on the page of agreement counts: chosen by a link, never typed.
    agreement = django_filters.CharFilter(
        method="behind", label="Agreement", widget=forms.HiddenInput
    )

    class Meta:
        model = Dialogue
        fields: list[str] = []

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.membership = membership
        self._offer_languages()
        if not membership.administers():
            # Scores may be hidden from everybody else until they have decided.
            del self.filters["judges"]
        if not membership.adjudicates():
            # How others settled a dialogue shows once one has decided on it.
            del self.filters["agreement"], self.filters["approval"]

    def _offer_languages(self) -> None:
        """Those of the dataset; where all dialogues are in one there is nothing to choose."""
        codes = languages_in(self.membership.dataset)
        if len(codes) < 2:
            del self.filters["language"]
            return
        named = [(code, language_name(code)) for code in codes]
        self.filters["language"].extra["choices"] = [*named, (UNTOLD, "Could not be told")]

    def written(self, rows: DialogueQuerySet, name: str, code: str) -> QuerySet[Dialogue]:
        return rows.filter(language="" if code == UNTOLD else code)

    def behind(self, rows: DialogueQuerySet, name: str, number: str) -> QuerySet[Dialogue]:
        try:
            counted = Behind.named(number).of(rows)
        except Invalid:
            return rows.none()
        return overseen(counted, self.membership)

    def judged(self, rows: DialogueQuerySet, name: str, said: str) -> QuerySet[Dialogue]:
        chosen = {
            "differ": rows.on_which_judges_differ,
            "pass": rows.with_a_pass,
            "fail": rows.without_a_pass,
        }
        return chosen[said]()

    def standing(self, rows: DialogueQuerySet, name: str, stage: str) -> QuerySet[Dialogue]:
        return masking.at_stage(rows, stage, self.membership)

    def approved_as(self, rows: DialogueQuerySet, name: str, how: str) -> QuerySet[Dialogue]:
        return masking.without_controls(rows, self.membership).filter(approval=how)

    def search(self, rows: DialogueQuerySet, name: str, words: str) -> QuerySet[Dialogue]:
        return rows.matching(words)

    def looked_at(self, rows: DialogueQuerySet, name: str, said: str) -> QuerySet[Dialogue]:
        rows = with_seen_checks(rows, self.membership)
        if said == JUDGED:
            return rows.filter(relevance.is_judged())
        return rows.approved().exclude(target_images=[]).exclude(relevance.is_judged())

    def showing(self, rows: DialogueQuerySet, name: str, trait: str) -> QuerySet[Dialogue]:
        return with_seen_checks(rows, self.membership).with_trait(trait)

    def checked(self, rows: DialogueQuerySet, name: str, outcome: str) -> QuerySet[Dialogue]:
        rows = with_seen_checks(rows, self.membership)
        if outcome == AWAITING:
            return rows.filter(pk__in=Dialogue.objects.awaiting_check())
        if outcome == OUTDATED:
            return rows.filter(pk__in=checking.outdated(self.membership.dataset))
        return rows.filter(check_outcome=outcome)


@dataclass(frozen=True)
class Row:
    """A dialogue as one line of the list; what this member may not see is None or empty."""

    dialogue: Dialogue
    targets: list[Image]
    more_targets: int
    rewrite: str
    outcome: str
    awaits_check: bool
    hides_targets: bool
    certified: bool
    # What it shows beside, in words.
    traits: list[str]


@dataclass(frozen=True)
class Chip:
    """A filter that is on, and the address without it."""

    name: str
    words: str
    without: str


@dataclass(frozen=True)
class Slice:
    """One page of the list, and the addresses of its neighbours (empty: there is none)."""

    dialogues: list[Dialogue]
    earlier: str
    later: str


@require_safe
def dialogues(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = dataset_for(request.user, slug)
    filters = DialogueFilter(
        request.GET, queryset=dataset.dialogues.order_by("pk"), membership=membership
    )
    rows = filters.qs if filters.is_valid() else dataset.dialogues.none()
    page = _slice(request, rows)
    context = {
        "dataset": dataset,
        "membership": membership,
        "filters": filters,
        "chips": _chips(request, filters),
        "stages": stages_of(dataset),
        "selection": _selection(request),
        "found": rows[: MOST_COUNTED + 1].count(),
        "most_counted": MOST_COUNTED,
        "page": page,
        "rows": _rows(page.dialogues, dataset, membership),
    }
    template = "review/dialogues.html"
    response = render(
        request, f"{template}#results" if wants_fragment(request) else template, context
    )
    patch_vary_headers(response, ["HX-Request"])
    return response


def _slice(request: HttpRequest, rows: QuerySet[Dialogue]) -> Slice:
    """The page that `after` or `before` asks for; without either, the first."""
    rows = rows.select_related("approved_candidate")
    before, after = _key(request, "before"), _key(request, "after")
    if before is not None:
        return _page_before(request, rows, before)
    wanted = rows if after is None else rows.filter(pk__gt=after)
    found = list(wanted[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    return Slice(
        shown,
        earlier=_address(request, before=shown[0].pk) if shown and after is not None else "",
        later=_address(request, after=shown[-1].pk) if len(found) > PAGE_SIZE else "",
    )


def _page_before(request: HttpRequest, rows: QuerySet[Dialogue], before: int) -> Slice:
    found = list(rows.filter(pk__lt=before).order_by("-pk")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE][::-1]
    return Slice(
        shown,
        earlier=_address(request, before=shown[0].pk) if len(found) > PAGE_SIZE else "",
        later=_address(request, after=shown[-1].pk) if shown else "",
    )


def _key(request: HttpRequest, name: str) -> int | None:
    """A key from the address; a broken one shows the first page."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _address(request: HttpRequest, **changes: object) -> str:
    """This list's address with `changes`; a page belongs to its filters, so others are dropped."""
    return _query(_filters_of(request), changes)


def _filters_of(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET[name] for name in FILTERS if request.GET.get(name)}


def _selection(request: HttpRequest) -> str:
    """The filters by the names of a selection; empty where it could not say them all."""
    given = _filters_of(request)
    names = {"q": "words", "stage": "stage", "trait": "trait"}
    return "" if given.keys() - names else _query({names[name]: v for name, v in given.items()})


def _query(*parts: dict[str, Any]) -> str:
    query = QueryDict(mutable=True)
    for part in parts:
        query.update(part)
    return f"?{query.urlencode()}"


def _chips(request: HttpRequest, filters: DialogueFilter) -> list[Chip]:
    values = {name: v for name, v in _filters_of(request).items() if name in filters.filters}
    return [
        Chip(
            name=name,
            words=_in_words(filters, name, value),
            without=_query({k: v for k, v in values.items() if k != name}),
        )
        for name, value in values.items()
    ]


def _in_words(filters: DialogueFilter, name: str, value: str) -> str:
    if name == "q":
        return f"“{value}”"
    if name == "agreement":
        return _behind_in_words(value)
    choices = dict(filters.filters[name].extra["choices"])
    return str(choices.get(value, value))


def _behind_in_words(number: str) -> str:
    try:
        return Behind.named(number).words()
    except Invalid as refusal:
        return str(refusal)


def _rows(dialogues: list[Dialogue], dataset: Dataset, membership: Membership) -> list[Row]:
    seen = sights(dialogues, membership)
    dialogues = masking.all_as_told(dialogues, membership)
    images = _target_images(dialogues, dataset)
    return [_row(dialogue, seen[dialogue.pk], images) for dialogue in dialogues]


def _row(dialogue: Dialogue, sight: Sight, images: dict[str, Image]) -> Row:
    approved = dialogue.approved_candidate if sight.decisions or sight.alone else None
    named = dialogue.target_images if sight.target else []
    targets = [images[name] for name in named[:THUMBNAILS] if name in images]
    return Row(
        dialogue=dialogue,
        targets=targets,
        more_targets=len(named) - len(targets),
        rewrite=approved.text if approved else "",
        outcome=dialogue.check_outcome if sight.retrieval else "",
        awaits_check=sight.retrieval and _awaits_check(dialogue),
        hides_targets=not sight.target,
        certified=sight.decisions and dialogue.approval == Approval.CERTIFIED,
        traits=_traits(dialogue) if shows_traits(sight) else [],
    )


def _traits(dialogue: Dialogue) -> list[str]:
    return [Trait(code).label for code in dialogue.traits if code not in UNREMARKABLE]


def _awaits_check(dialogue: Dialogue) -> bool:
    approved = dialogue.stage == Stage.APPROVED
    return approved and dialogue.checked_at is None and bool(dialogue.target_images)


def _target_images(dialogues: Iterable[Dialogue], dataset: Dataset) -> dict[str, Image]:
    names = {name for d in dialogues for name in d.target_images[:THUMBNAILS]}
    rows = Image.objects.current().filter(dataset=dataset).named(names)
    return {image.external_id: image for image in rows}
