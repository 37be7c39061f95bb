"""Operations of the API on benchmarks: start one, follow it, read its report, take its files."""

import json
from io import BytesIO
from typing import Any

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
)
from rest_framework import generics, serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from generation.api.run_serializers import RunSerializer
from generation.api.runs import RUN, NewestFirst
from generation.api.serializers import KeepableText
from generation.benchmark.forms import Rewrites
from generation.benchmark.outside import rewrites_in
from generation.benchmark.planning import PRIMARY_METRIC, BenchmarkOptions
from generation.benchmark.report import RATES
from generation.benchmark_files import archive
from generation.benchmark_files.taking import NAMES, taken
from generation.benchmark_files.tasks import write_benchmark_archive
from generation.benchmark_shown import reports
from generation.models import Run, RunKind
from generation.pages.benchmark_files import sent_file
from generation.runs import lifecycle
from generation.tasks import drain_run
from review.api.authentication import administered, admitted, caller
from review.api.parsing import BoundedJSONParser
from review.api.views import DATASET, NOT_ALLOWED, UNKNOWN, problem
from review.models import Dataset
from review.permissions import check_can_see_benchmark

FILE = OpenApiParameter(
    "name",
    str,
    OpenApiParameter.PATH,
    description="`report.html`, `scores.csv`, `table.tex`, or `files.zip` once it is written.",
    enum=NAMES,
)


class RewriteSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="The imported id of the dialogue.")
    text = serializers.CharField()


@extend_schema_field(RewriteSerializer(many=True))
class RewritesField(serializers.JSONField):
    """Looked at like a file of them: a serializer for each of 100,000 would take a minute."""


class NewBenchmarkSerializer(serializers.Serializer[Any]):
    """What a benchmark is to be of."""

    retrievers = serializers.ListField(
        child=KeepableText(), default=list, help_text="By name. None: all of the dataset."
    )
    forms = serializers.ListField(
        child=KeepableText(),
        default=list,
        help_text="Such as `history` or `rewrite`; `best` is every rewriter's. None: all.",
    )
    metric = serializers.ChoiceField(
        choices=list(RATES), default=PRIMARY_METRIC, help_text="What comparisons are of."
    )
    rewrites = serializers.DictField(
        child=RewritesField(),
        default=dict,
        help_text="Output of rewriters from outside, by the name that each form is to have.",
    )

    def options(self) -> BenchmarkOptions:
        """Raises `Invalid` for rewrites that are no good."""
        said = self.validated_data
        rewrites = {name: _rewrites(name, rows) for name, rows in said["rewrites"].items()}
        return BenchmarkOptions(said["retrievers"], said["forms"], rewrites, said["metric"])


def _rewrites(name: str, rows: object) -> Rewrites:
    return rewrites_in(BytesIO(json.dumps(rows).encode()), name)


class BenchmarkSerializer(RunSerializer):
    """A benchmark run, and whether it has figures."""

    reckoned = serializers.DateTimeField(
        source="report.computed", default=None, allow_null=True, help_text="Null: no figures yet."
    )
    failure = serializers.CharField(
        source="report.failure", default="", help_text="Why there are no figures."
    )


class BenchmarkReportSerializer(BenchmarkSerializer):
    report = serializers.JSONField(
        source="report.data",
        default=dict,
        help_text="Scores, comparisons, curves, slices, gaps. Empty before they are reckoned.",
    )


class RewritesParser(BoundedJSONParser):
    """The rewrites of 100,000 dialogues in one request."""

    most_bytes = 32 * 1024 * 1024


class Benchmarks(generics.ListAPIView[Run]):
    queryset = Run.objects.none()
    serializer_class = BenchmarkSerializer
    pagination_class = NewestFirst
    parser_classes = [RewritesParser]

    def get_queryset(self) -> QuerySet[Run]:
        return reports.runs_of(_overseen(self.request, self.kwargs["dataset"]))

    @extend_schema(
        operation_id="list_benchmarks",
        summary="The benchmark runs of a dataset",
        parameters=[DATASET],
        responses={200: BenchmarkSerializer(many=True), **NOT_ALLOWED, **UNKNOWN},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The newest first, for adjudicators and admins."""
        rows = self.paginate_queryset(self.get_queryset()) or []
        told = BenchmarkSerializer(reports.views(rows), many=True)
        return self.get_paginated_response(told.data)

    @extend_schema(
        operation_id="start_benchmark",
        summary="Start a benchmark",
        parameters=[DATASET],
        request=NewBenchmarkSerializer,
        responses={
            201: BenchmarkSerializer,
            (400, "application/problem+json"): problem("A field is wrong; it is named."),
            **NOT_ALLOWED,
            **UNKNOWN,
        },
    )
    def post(self, request: Request, dataset: str) -> Response:
        """Dialogues, texts and corpus are frozen, and a worker does the rest. For admins."""
        found, user = administered(request, dataset)
        sent = NewBenchmarkSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        run = lifecycle.start(
            dataset=found, kind=RunKind.BENCHMARK, by=user, benchmark=sent.options()
        )
        drain_run.delay_on_commit(run.pk)
        [view] = reports.views([run])
        return Response(BenchmarkSerializer(view).data, status=201)


@extend_schema(
    operation_id="read_benchmark",
    summary="How far a benchmark is, and its report",
    parameters=[DATASET, RUN],
    responses={200: BenchmarkReportSerializer, **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["GET"])
def benchmark_detail(request: Request, dataset: str, run: int) -> Response:
    """Its figures as soon as a worker has reckoned them. For adjudicators and admins."""
    found = reports.benchmark_of(_overseen(request, dataset), run)
    return Response(BenchmarkReportSerializer(reports.view_of(found)).data)


@extend_schema(
    operation_id="download_benchmark_file",
    summary="A file of a benchmark",
    parameters=[DATASET, RUN, FILE],
    responses={
        (200, "*/*"): OpenApiResponse(OpenApiTypes.BINARY, "The file."),
        **NOT_ALLOWED,
        **UNKNOWN,
    },
)
@api_view(["GET"])
def benchmark_file(request: Request, dataset: str, run: int, name: str) -> HttpResponseBase:
    """The report, the scores, the table, judgements and rankings. For adjudicators and admins."""
    return sent_file(taken(reports.benchmark_of(_overseen(request, dataset), run), name))


@extend_schema(
    operation_id="write_benchmark_files",
    summary="Have the files of a benchmark written",
    parameters=[DATASET, RUN],
    request=None,
    responses={
        202: None,
        (409, "application/problem+json"): problem("The run is not done yet."),
        **NOT_ALLOWED,
        **UNKNOWN,
    },
)
@api_view(["POST"])
def write_files(request: Request, dataset: str, run: int) -> Response:
    """A worker ranks anew and packs `files.zip`: judgements, rankings, tables, the report."""
    found = reports.benchmark_of(_overseen(request, dataset), run)
    archive.ask(run=found, by=caller(request))
    write_benchmark_archive.delay_on_commit(run)
    return Response(status=202)


def _overseen(request: Request, slug: str) -> Dataset:
    return admitted(request, slug, check_can_see_benchmark)[0]
