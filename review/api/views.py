"""The operations of the API: load, permit, validate, call, respond."""

from functools import cached_property
from typing import Any, cast

import django_filters
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from rest_framework import generics
from rest_framework.decorators import api_view
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from review import visibility
from review.api import shapes
from review.api.authentication import caller
from review.api.serializers import (
    DatasetBriefSerializer,
    DatasetSerializer,
    DialogueBriefSerializer,
    DialogueSerializer,
    ProblemSerializer,
)
from review.errors import Invalid, Missing
from review.models import Dataset, Dialogue, Membership, Stage, Trait
from review.models.dialogues import DialogueQuerySet
from review.permissions import dataset_for
from review.practice import masking

LONGEST_KEY = 128
# What a list needs of a dialogue, and what telling it as it may be known needs.
BRIEF = [
    "external_id",
    "stage",
    "language",
    "final_query",
    "target_images",
    "panel_score",
    "approved_candidate",
]
DATASET = OpenApiParameter("dataset", str, OpenApiParameter.PATH, description="The dataset's slug.")
DIALOGUE = OpenApiParameter(
    "external_id",
    str,
    OpenApiParameter.PATH,
    description="The imported id, percent-encoded; slashes may stay as they are.",
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Your own name for this decision, at most 128 characters: a repeat with the "
    "same name gives back the first decision and changes nothing.",
)


def problem(description: str) -> OpenApiResponse:
    return OpenApiResponse(ProblemSerializer, description)


UNKNOWN = {
    (401, "application/problem+json"): problem("No token, or one that is not known."),
    (404, "application/problem+json"): problem("No such thing among yours."),
}
NOT_ALLOWED = {(403, "application/problem+json"): problem("You may not do this.")}


@extend_schema(
    operation_id="list_datasets",
    summary="Your datasets",
    responses={200: DatasetBriefSerializer(many=True)},
)
@api_view(["GET"])
def datasets(request: Request) -> Response:
    """The datasets that you are a member of."""
    mine = Membership.objects.filter(user=caller(request), paused=False)
    rows = mine.select_related("dataset").order_by("dataset__slug")
    return Response(DatasetBriefSerializer([shapes.dataset_brief(m) for m in rows], many=True).data)


@extend_schema(
    operation_id="read_dataset",
    summary="A dataset and how far it has come",
    parameters=[DATASET],
    responses={200: DatasetSerializer, **UNKNOWN},
)
@api_view(["GET"])
def dataset_detail(request: Request, dataset: str) -> Response:
    """Its review policy, its corpus, and how many dialogues stand at each stage."""
    found, membership = dataset_for(caller(request), dataset)
    return Response(DatasetSerializer(shapes.dataset_detail(found, membership)).data)


def idempotency_key(request: Request) -> str:
    """The caller's own name for what they send; "" without one. Raises `Invalid`."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > LONGEST_KEY:
        raise Invalid(
            f"The key has {len(key)} characters, the most is {LONGEST_KEY}.",
            field="Idempotency-Key",
        )
    return key


@extend_schema(
    operation_id="read_dialogue",
    summary="A dialogue",
    parameters=[DATASET, DIALOGUE],
    responses={200: DialogueSerializer, **UNKNOWN},
)
@api_view(["GET"])
def dialogue_detail(request: Request, dataset: str, external_id: str) -> Response:
    """What you may see of it now: more once you have decided on it."""
    found, membership = dataset_for(caller(request), dataset)
    view = visibility.for_reader(dialogue_of(found, external_id), membership)
    if view.assignment is not None and view.assignment.is_open():
        # Only what was shown can be chosen, and what was shown goes into the record.
        visibility.record_shown(view)
    return Response(DialogueSerializer(shapes.dialogue(view)).data)


def dialogue_of(dataset: Dataset, external_id: str) -> Dialogue:
    # PostgreSQL takes no NUL, not even to look for.
    named = dataset.dialogues.filter(external_id=external_id.replace("\x00", "\ufffd"))
    found = named.select_related("dataset").first()
    if found is None:
        raise Missing(f"There is no dialogue “{external_id}” in {dataset.slug}. List them first.")
    return found


class DialogueFilter(django_filters.FilterSet):
    stage = django_filters.ChoiceFilter(
        method="standing", choices=Stage.choices, label="Only those at this stage."
    )
    language = django_filters.CharFilter(
        max_length=16, label="Only those in this language: an ISO code such as de."
    )
    trait = django_filters.ChoiceFilter(
        method="showing",
        choices=Trait.choices,
        label="Only those that show this, among those whose checks you may see.",
    )

    class Meta:
        model = Dialogue
        fields: list[str] = []

    def standing(self, rows: DialogueQuerySet, name: str, stage: str) -> QuerySet[Dialogue]:
        return masking.at_stage(rows, stage, self._membership())

    def showing(self, rows: DialogueQuerySet, name: str, trait: str) -> QuerySet[Dialogue]:
        return visibility.with_seen_checks(rows, self._membership()).with_trait(trait)

    def _membership(self) -> Membership:
        # By the request of the framework, which knows the operation that filters.
        view = cast(Request, self.request).parser_context["view"]
        return cast(Membership, view.membership)


class ByKey(CursorPagination):
    """Pages found by key: the last is as quick as the first."""

    ordering = "pk"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500


@extend_schema_view(
    get=extend_schema(
        operation_id="list_dialogues",
        summary="The dialogues of a dataset",
        parameters=[DATASET],
        responses={
            200: DialogueBriefSerializer(many=True),
            (400, "application/problem+json"): problem("There is no such stage or trait."),
            **UNKNOWN,
        },
    )
)
class Dialogues(generics.ListAPIView[Dialogue]):
    """In the order of import, a page at a time: follow `next` for the rest."""

    queryset = Dialogue.objects.none()
    serializer_class = DialogueBriefSerializer
    pagination_class = ByKey
    filter_backends = [DjangoFilterBackend]
    filterset_class = DialogueFilter

    def get_queryset(self) -> QuerySet[Dialogue]:
        return self.membership.dataset.dialogues.only(*BRIEF)

    def paginate_queryset(self, queryset: Any) -> list[Any] | None:
        page = super().paginate_queryset(queryset)
        return None if page is None else visibility.listed(page, self.membership)

    @cached_property
    def membership(self) -> Membership:
        return dataset_for(caller(self.request), self.kwargs["dataset"])[1]


@extend_schema(exclude=True)
@api_view(["GET", "POST", "PUT", "PATCH", "DELETE"])
def nowhere(request: Request, rest: str, **kwargs: Any) -> Response:
    raise Missing(f"There is no “{rest}” here. Addresses end with a slash; see /api/v1/docs/.")
