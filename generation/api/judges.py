"""How far judges agree, over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from generation.judges_compared import stored
from generation.models import JudgeReport
from generation.report_tasks import compute_judge_report
from review.api.authentication import administered
from review.api.figures import FigureSerializer
from review.api.views import DATASET, NOT_ALLOWED, UNKNOWN
from review.calibration.slices import DIMENSIONS


class JudgesOnCriterionSerializer(serializers.Serializer[Any]):
    criterion = serializers.CharField(help_text="`overall`: all of them together.")
    figure = FigureSerializer()


class JudgeFigureSerializer(serializers.Serializer[Any]):
    judge = serializers.CharField(help_text="`panel`: all judges together.")
    figure = FigureSerializer()


class JudgesBesidePeopleSerializer(serializers.Serializer[Any]):
    decisions = serializers.IntegerField()
    unseen = serializers.IntegerField(help_text="Made without sight of the scores.")
    unseen_alone = serializers.BooleanField(help_text="Whether the figures are from these alone.")
    ranking = JudgeFigureSerializer(many=True, help_text="AUC of scores for accepted against not.")
    passing = JudgeFigureSerializer(many=True, help_text="Kappa of passed against accepted.")


class JudgesInSliceSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    together = serializers.IntegerField(help_text="How many it is the rest of; 0 for one.")
    dialogues = serializers.IntegerField()
    candidates = serializers.IntegerField()
    alphas = JudgesOnCriterionSerializer(many=True, help_text="Krippendorff's, of judges' scores.")
    people = JudgesBesidePeopleSerializer()


class JudgesByDimensionSerializer(serializers.Serializer[Any]):
    by = serializers.CharField(help_text=f"One of {', '.join(DIMENSIONS)}.")
    slices = JudgesInSliceSerializer(many=True)


class JudgeLevelsOfCriterionSerializer(serializers.Serializer[Any]):
    criterion = serializers.CharField()
    counts = serializers.ListField(
        child=serializers.IntegerField(), help_text="How often 1, 2, ... 5 points."
    )


class JudgeLevelsSerializer(serializers.Serializer[Any]):
    judge = serializers.CharField()
    rows = JudgeLevelsOfCriterionSerializer(many=True)


class JudgeShiftSerializer(serializers.Serializer[Any]):
    figure = FigureSerializer(help_text="After less before, on candidates of the same kind.")
    before = serializers.FloatField(allow_null=True)
    after = serializers.FloatField(allow_null=True, help_text="In the last four weeks.")
    changed = serializers.ListField(
        child=serializers.CharField(), help_text="Of `model` and `prompt`."
    )


class JudgeWeekSerializer(serializers.Serializer[Any]):
    monday = serializers.DateField()
    earlier = serializers.BooleanField(help_text="All weeks before this one.")
    model = serializers.CharField()
    prompt_hash = serializers.CharField()
    mean = FigureSerializer()
    highest = FigureSerializer(help_text="The share of scores at 5.")


class JudgeDriftSerializer(serializers.Serializer[Any]):
    judge = serializers.CharField()
    shift = JudgeShiftSerializer()
    weeks = JudgeWeekSerializer(many=True, help_text="The newest first.")


class JudgeReportSerializer(serializers.Serializer[Any]):
    """`overall` has what is told of the whole dataset; all but `awaited` and `failure` are null
    until a worker has reckoned it."""

    awaited = serializers.BooleanField(help_text="Whether a worker is asked to reckon it.")
    failure = serializers.CharField()
    computed = serializers.DateTimeField(allow_null=True)
    overall = serializers.JSONField(allow_null=True)
    dimensions = JudgesByDimensionSerializer(many=True, allow_null=True)
    levels = JudgeLevelsSerializer(many=True, allow_null=True)
    drift = JudgeDriftSerializer(many=True, allow_null=True)


@extend_schema(
    methods=["GET"],
    operation_id="read_judges",
    summary="How far judges agree",
    description="With people, with each other and with themselves, also by slice and over time. "
    "For admins.",
    parameters=[DATASET],
    responses={200: JudgeReportSerializer, **NOT_ALLOWED, **UNKNOWN},
)
@extend_schema(
    methods=["POST"],
    operation_id="compare_judges",
    summary="Compare judges anew",
    description="A worker reckons it from all scores and decisions. For admins.",
    parameters=[DATASET],
    request=None,
    responses={202: JudgeReportSerializer, **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["GET", "POST"])
def judges(request: Request, dataset: str) -> Response:
    found, user = administered(request, dataset)
    if request.method == "POST":
        stored.ask(dataset=found, by=user)
        compute_judge_report.delay_on_commit(found.pk)
    answer = JudgeReportSerializer(_shape(stored.of(found)))
    return Response(answer.data, status=202 if request.method == "POST" else 200)


PARTS = ("dimensions", "levels", "drift")


def _shape(report: JudgeReport | None) -> dict[str, Any]:
    awaited, failure = (report.is_awaited(), report.failure) if report else (False, "")
    shape = {"awaited": awaited, "failure": failure}
    if report is None or not stored.is_current_form(report):
        return {**shape, **dict.fromkeys(("computed", "overall", *PARTS))}
    overall = {name: part for name, part in report.data.items() if name not in {*PARTS, "form"}}
    parts = {name: report.data[name] for name in PARTS}
    return {**shape, "computed": report.computed, "overall": overall, **parts}
