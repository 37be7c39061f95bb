"""Operations of the API on runs: estimate, start, follow, rest. For admins of the dataset alone."""

from collections.abc import Callable
from typing import Any

import django_filters
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.decorators import api_view
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from generation.api.run_serializers import (
    CallSerializer,
    EstimateSerializer,
    NewRunSerializer,
    RunSerializer,
)
from generation.models import Call, CallOutcome, Run
from generation.runs import board, lifecycle
from generation.runs.drafting import RunOptions, draft
from generation.runs.estimating import estimate
from generation.runs.withholding import withheld
from generation.tasks import drain_run
from review.api.authentication import administered, caller
from review.api.parsing import BoundedJSONParser
from review.api.views import DATASET, NOT_ALLOWED, UNKNOWN, problem
from review.models import Dataset
from review.permissions import dataset_for

RUN = OpenApiParameter("run", int, OpenApiParameter.PATH, description="The run's id.")
Change = Callable[..., object]


class NewestFirst(CursorPagination):
    ordering = "-pk"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200


class Runs(generics.ListAPIView[Run]):
    queryset = Run.objects.none()
    serializer_class = RunSerializer
    pagination_class = NewestFirst
    parser_classes = [BoundedJSONParser]

    def get_queryset(self) -> QuerySet[Run]:
        dataset, _ = administered(self.request, self.kwargs["dataset"])
        return Run.objects.filter(dataset=dataset).select_related("by")

    @extend_schema(
        operation_id="list_runs",
        summary="The runs of a dataset",
        parameters=[DATASET],
        responses={200: RunSerializer(many=True), **NOT_ALLOWED, **UNKNOWN},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """With their progress and what they cost; newest first."""
        rows = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(RunSerializer(board.overview(rows), many=True).data)

    @extend_schema(
        operation_id="start_run",
        summary="Start a run, or estimate it",
        parameters=[DATASET],
        request=NewRunSerializer,
        responses={
            201: RunSerializer,
            200: EstimateSerializer,
            (400, "application/problem+json"): problem("A field is wrong; it is named."),
            **NOT_ALLOWED,
            **UNKNOWN,
        },
    )
    def post(self, request: Request, dataset: str) -> Response:
        """Its plan is frozen, and a worker does it. With `estimate` nothing starts (200)."""
        found, user = administered(request, dataset)
        sent = NewRunSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        if sent.validated_data["estimate"]:
            return Response(EstimateSerializer(_estimate(found, sent)).data)
        kind = sent.validated_data["kind"]
        run = lifecycle.start(dataset=found, kind=kind, by=user, **sent.wishes())
        drain_run.delay_on_commit(run.pk)
        return _told(run, status=201)


def _estimate(dataset: Dataset, sent: NewRunSerializer) -> object:
    kind, options = sent.validated_data["kind"], RunOptions(**sent.wishes())
    return estimate(draft(dataset=dataset, kind=kind, options=options, asking=False))


def _told(run: Run, *, status: int = 200) -> Response:
    return Response(RunSerializer(board.view_of(run)).data, status=status)


@extend_schema(
    operation_id="read_run",
    summary="How far a run is",
    parameters=[DATASET, RUN],
    responses={200: RunSerializer, **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["GET"])
def run_detail(request: Request, dataset: str, run: int) -> Response:
    """Its state, progress, cost and time left."""
    found, _ = administered(request, dataset)
    return _told(lifecycle.run_of(found, run))


def _changed(request: Request, dataset: str, run: int, change: Change, *, drains: bool) -> Response:
    found, user = administered(request, dataset)
    change(run=lifecycle.run_of(found, run), by=user)
    if drains:
        drain_run.delay_on_commit(run)
    return _told(lifecycle.run_of(found, run))


CHANGED: dict[Any, Any] = {
    200: RunSerializer,
    (409, "application/problem+json"): problem("It does not fit the state of the run."),
    **NOT_ALLOWED,
    **UNKNOWN,
}
CHANGING: dict[str, Any] = {"parameters": [DATASET, RUN], "request": None, "responses": CHANGED}


@extend_schema(operation_id="pause_run", summary="Pause a run", **CHANGING)
@api_view(["POST"])
def pause(request: Request, dataset: str, run: int) -> Response:
    """What is in flight comes in; it may be resumed."""
    return _changed(request, dataset, run, lifecycle.pause, drains=False)


@extend_schema(operation_id="resume_run", summary="Resume a run", **CHANGING)
@api_view(["POST"])
def resume(request: Request, dataset: str, run: int) -> Response:
    """A paused or stopped run goes on with what is pending."""
    return _changed(request, dataset, run, lifecycle.resume, drains=True)


@extend_schema(operation_id="stop_run", summary="Stop a run", **CHANGING)
@api_view(["POST"])
def stop(request: Request, dataset: str, run: int) -> Response:
    """What was done stays, and it may be resumed."""
    return _changed(request, dataset, run, lifecycle.stop, drains=False)


@extend_schema(operation_id="retry_failed", summary="Retry failed items", **CHANGING)
@api_view(["POST"])
def retry(request: Request, dataset: str, run: int) -> Response:
    """The failed items of a run are pending again, and it goes on."""
    return _changed(request, dataset, run, lifecycle.retry_failed, drains=True)


class CallFilter(django_filters.FilterSet):
    outcome = django_filters.ChoiceFilter(choices=CallOutcome.choices)
    endpoint = django_filters.CharFilter("endpoint__name", label="Its name.")
    dialogue = django_filters.CharFilter("item__dialogue__external_id", label="Its imported id.")

    class Meta:
        model = Call
        fields: list[str] = []


class Calls(generics.ListAPIView[Call]):
    queryset = Call.objects.none()
    serializer_class = CallSerializer
    pagination_class = NewestFirst
    filter_backends = [DjangoFilterBackend]
    filterset_class = CallFilter

    def get_queryset(self) -> QuerySet[Call]:
        dataset, _ = administered(self.request, self.kwargs["dataset"])
        run = lifecycle.run_of(dataset, self.kwargs["run"])
        rows = Call.objects.filter(run=run).select_related("endpoint", "item__dialogue")
        return rows.defer("item__dialogue__turns", "item__dialogue__metadata")

    @extend_schema(
        operation_id="list_calls",
        summary="The calls of a run",
        parameters=[DATASET, RUN],
        responses={
            200: CallSerializer(many=True),
            (400, "application/problem+json"): problem("There is no such outcome."),
            **NOT_ALLOWED,
            **UNKNOWN,
        },
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Every attempt with its request and reply, the newest first, a page at a time."""
        _, membership = dataset_for(caller(request), self.kwargs["dataset"])
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        context = {"withheld": withheld(rows, membership)}
        return self.get_paginated_response(CallSerializer(rows, many=True, context=context).data)
