"""What further decisions would bring, over the API."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from generation.benchmark.report import RATES
from generation.benchmark_shown.planned import Planned, planned
from review.api.authentication import admitted
from review.api.views import DATASET, NOT_ALLOWED, UNKNOWN, problem
from review.calibration.estimating.stored import CALIBRATION
from review.calibration.planning.plans import NARROWEST, WIDEST, checked_half_width
from review.calibration.report import LANGUAGE, REWRITER, SOURCE, TURNS
from review.errors import Invalid
from review.permissions import check_can_see_calibration

HALF_WIDTH = OpenApiParameter(
    "half_width",
    float,
    description=f"A wanted half of the 95% interval, as a share from {NARROWEST} to {WIDEST}: "
    "0.03 is 3 points to either side.",
)


class GroundSerializer(serializers.Serializer[Any]):
    """A figure that the plan rests on."""

    value = serializers.FloatField(allow_null=True)
    measured = serializers.BooleanField(help_text="Of this dataset; otherwise it is assumed.")
    words = serializers.CharField()


class GroundsSerializer(serializers.Serializer[Any]):
    waiting = serializers.IntegerField(
        allow_null=True, help_text="Dialogues to decide; null while the dataset is empty."
    )
    decisions_each = serializers.IntegerField()
    rate = GroundSerializer(help_text="The pass rate.")
    correlation = GroundSerializer(help_text="Of the judges' score with people's word.")
    approved = GroundSerializer(help_text="The share of decided dialogues that are approved.")
    seconds = GroundSerializer(help_text="Of a decision, on average.")


class ColumnSerializer(serializers.Serializer[Any]):
    correlation = serializers.FloatField(help_text="0 for people alone.")
    measured = serializers.BooleanField()


class SizeSerializer(serializers.Serializer[Any]):
    dialogues = serializers.IntegerField()
    all = serializers.BooleanField(help_text="Whether these are all that wait.")
    half_widths = serializers.ListField(child=serializers.FloatField(), help_text="By column.")
    seconds = serializers.FloatField(allow_null=True, help_text="People's work.")
    approved = serializers.IntegerField(help_text="Of these, as expected.")
    smallest_difference = serializers.FloatField(allow_null=True)


class AimSerializer(serializers.Serializer[Any]):
    half_width = serializers.FloatField()
    sizes = serializers.ListField(
        child=SizeSerializer(allow_null=True),
        help_text="The fewest dialogues, by column; null where not even all are enough.",
    )


class BenchmarkPlanSerializer(serializers.Serializer[Any]):
    """The smallest differences are those of the approved rewrite to the final query."""

    metric = serializers.ChoiceField(choices=list(RATES))
    deviation = serializers.FloatField(help_text="Of paired differences.")
    design_effect = serializers.FloatField()
    measured = serializers.BooleanField()
    words = serializers.CharField()
    approved = serializers.IntegerField(help_text="Dialogues approved so far.")
    now = serializers.FloatField(allow_null=True)
    with_a_hundred = serializers.FloatField(allow_null=True)


class AllowedSerializer(serializers.Serializer[Any]):
    bad = serializers.IntegerField()
    needed = serializers.IntegerField()
    draws = serializers.ListField(
        child=serializers.IntegerField(), help_text="By `assumed_above`: to draw for so many."
    )
    chances = serializers.ListField(
        child=serializers.FloatField(), help_text="By `assumed_bad`: of passing."
    )


class FromScoreSerializer(serializers.Serializer[Any]):
    score = serializers.FloatField()
    above = serializers.FloatField(help_text="The share of dialogues with this score or more.")
    drawn = serializers.IntegerField(help_text="For a test that has not been made.")
    more = serializers.IntegerField(help_text="To draw until it could pass without a bad one.")
    bad = GroundSerializer(help_text="The share expected, from what a next test does not use.")
    likely = serializers.IntegerField(
        allow_null=True, help_text="So many at this score pass in 80% of tests."
    )
    likely_more = serializers.IntegerField(allow_null=True)
    words = serializers.CharField()


class CertificatesAheadSerializer(serializers.Serializer[Any]):
    share = serializers.FloatField()
    confidence = serializers.FloatField()
    assumed_above = serializers.ListField(child=serializers.FloatField())
    assumed_bad = serializers.ListField(child=serializers.FloatField())
    allowed = AllowedSerializer(many=True)
    scores = FromScoreSerializer(many=True)


class GainSerializer(serializers.Serializer[Any]):
    dimension = serializers.ChoiceField(
        choices=["", LANGUAGE, TURNS, SOURCE, REWRITER], help_text="Empty for all dialogues."
    )
    name = serializers.CharField()
    dialogues = serializers.IntegerField()
    decided = serializers.IntegerField()
    more = serializers.IntegerField(help_text="A hundred, or what is left.")
    now = serializers.FloatField(allow_null=True, help_text="Half of its interval.")
    then = serializers.FloatField(allow_null=True, help_text="With so many more.")
    overall_then = serializers.FloatField(
        allow_null=True, help_text="Of the overall interval, were it estimated by strata."
    )
    best_share = serializers.IntegerField(
        allow_null=True, help_text="Of a hundred for the overall rate, by strata."
    )
    words = serializers.CharField()


class GainsSerializer(serializers.Serializer[Any]):
    lines = GainSerializer(many=True, help_text="Those that gain most first.")
    sentences = serializers.ListField(child=serializers.CharField())
    overall = serializers.CharField(help_text="What a hundred from all dialogues bring.")
    words = serializers.CharField()


class CalibrationPlanSerializer(serializers.Serializer[Any]):
    """Shares run from 0 to 1."""

    words = serializers.CharField()
    grounds = GroundsSerializer()
    columns = ColumnSerializer(many=True)
    sizes = SizeSerializer(many=True)
    aim = AimSerializer(allow_null=True)
    benchmark = BenchmarkPlanSerializer()
    certificates = CertificatesAheadSerializer()
    gains = GainsSerializer()


@extend_schema(
    operation_id="plan_calibration",
    summary="What further decisions would bring",
    description="Which intervals and smallest differences of a benchmark so many decisions give, "
    "what a certificate takes, and where the next hundred help most. For adjudicators and admins.",
    parameters=[DATASET, HALF_WIDTH],
    responses={
        200: CalibrationPlanSerializer,
        (400, "application/problem+json"): problem("No such half-width can be planned for."),
        **NOT_ALLOWED,
        **UNKNOWN,
    },
)
@api_view(["GET"])
def calibration_plan(request: Request, dataset: str) -> Response:
    found, _ = admitted(request, dataset, check_can_see_calibration)
    wanted = _half_width(request.query_params.get("half_width", ""))
    known = CALIBRATION.known(found)
    return Response(
        CalibrationPlanSerializer(_shape(planned(found, known.data, half_width=wanted))).data
    )


def _half_width(given: str) -> float | None:
    if not given:
        return None
    try:
        return checked_half_width(float(given))
    except ValueError:
        raise Invalid(f"“{given}” is no share, such as 0.03.", field="half_width") from None


def _shape(found: Planned) -> dict[str, Any]:
    data = found.as_json()
    plan, aim = data["plan"], data["plan"]["aim"]
    return {
        **plan,
        "sizes": _with_differences(plan["sizes"], found.differences),
        "aim": aim and {**aim, "sizes": _with_differences(aim["sizes"], found.aim_differences)},
        "benchmark": {**data["spread"], **data},
        "gains": {**plan["gains"], "sentences": [words for words, _ in plan["gains"]["sentences"]]},
    }


def _with_differences(
    sizes: list[dict[str, Any] | None], differences: list[float | None]
) -> list[dict[str, Any] | None]:
    return [
        size and {**size, "smallest_difference": difference}
        for size, difference in zip(sizes, differences, strict=True)
    ]
