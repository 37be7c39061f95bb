"""How far judges may be trusted, over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from review.api.figures import FigureSerializer, KnownSerializer, known_answer, known_shape
from review.api.views import DATASET, NOT_ALLOWED, UNKNOWN
from review.api.waves import WaveSerializer
from review.calibration.estimating.stored import CALIBRATION
from review.calibration.slices import DIMENSIONS
from review.report_tasks import compute_calibration
from review.reports import Known

PARTS = ("conditions", "waves", "from_waves", "from_blind")


class PassRateSerializer(serializers.Serializer[Any]):
    debiased = FigureSerializer(help_text="From people's decisions and judges' scores.")
    people = FigureSerializer(help_text="Of those decided, as it is.")
    judges = FigureSerializer(help_text="The share that passes by the judges' marks.")
    tuning = serializers.FloatField(
        allow_null=True, help_text="How much judges' scores count, 0 where they add nothing."
    )
    correlation = serializers.FloatField(
        allow_null=True, help_text="Between the judges' score and people's word."
    )
    worth = serializers.FloatField(
        allow_null=True, help_text="As how many decisions without judges these count."
    )
    missing = serializers.IntegerField(help_text="Drawn, and not decided.")
    if_missing = serializers.ListField(
        child=serializers.FloatField(),
        allow_null=True,
        help_text="Over what the interval would reach, had people accepted all of these, or none.",
    )


class LineSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    dialogues = serializers.IntegerField(help_text="From how many it was drawn.")
    rate = PassRateSerializer()
    auc = FigureSerializer(help_text="How well scores tell accepted ones from others.")
    kappa = FigureSerializer(help_text="Cohen's, of passing and being accepted.")


class BinSerializer(serializers.Serializer[Any]):
    low = serializers.FloatField(help_text="Panel scores from here,")
    high = serializers.FloatField(help_text="to below here.")
    dialogues = serializers.IntegerField()
    decided = serializers.IntegerField()
    accepted = FigureSerializer()


class CalibrationWeekSerializer(serializers.Serializer[Any]):
    week = serializers.DateField(help_text="Its Monday.")
    decided = serializers.IntegerField()
    people = FigureSerializer(help_text="The share that people accepted.")
    gap = FigureSerializer(help_text="How far the judges' pass rate lies above it.")


class AnnotatorSerializer(serializers.Serializer[Any]):
    reviewer = serializers.CharField()
    dialogues = serializers.IntegerField()
    panel = serializers.FloatField(
        allow_null=True, help_text="How often the panel is at least as good a colleague."
    )
    person = serializers.FloatField(
        allow_null=True, help_text="How often the reviewer is at least as good a colleague."
    )
    p_value = serializers.FloatField(allow_null=True)
    beaten = serializers.BooleanField()
    words = serializers.CharField()


class AlternativeSerializer(serializers.Serializer[Any]):
    """The alternative annotator test (arXiv 2501.10970)."""

    epsilon = serializers.FloatField()
    annotators = AnnotatorSerializer(many=True)
    winning_rate = serializers.FloatField(allow_null=True)
    advantage = serializers.FloatField(allow_null=True)
    passes = serializers.BooleanField(allow_null=True)
    words = serializers.CharField()


class SlicesSerializer(serializers.Serializer[Any]):
    """The pass rate by the parts of a dimension."""

    def get_fields(self) -> dict[str, Any]:
        return {dimension: LineSerializer(many=True) for dimension in DIMENSIONS}


class CalibrationBasisSerializer(serializers.Serializer[Any]):
    of = serializers.CharField(help_text="Of which dialogues the shares are.")
    words = serializers.CharField(help_text="Why there is no interval.")
    left_out = serializers.ListField(
        child=serializers.CharField(), help_text="Which decisions do not count, and why."
    )
    overall = LineSerializer(allow_null=True)
    criteria = LineSerializer(many=True)
    slices = SlicesSerializer()
    scores = BinSerializer(many=True)
    weeks = CalibrationWeekSerializer(many=True)
    drift = serializers.CharField()
    alternative = AlternativeSerializer()


class WaveLineSerializer(WaveSerializer):
    used = serializers.BooleanField()
    words = serializers.CharField(help_text="Why it is not used.")


class CalibrationSerializer(KnownSerializer):
    conditions = serializers.DictField(
        allow_null=True, help_text="The judges, rubric and rewriters that all of it is of."
    )
    waves = WaveLineSerializer(many=True, allow_null=True)
    from_waves = CalibrationBasisSerializer(allow_null=True)
    from_blind = CalibrationBasisSerializer(
        allow_null=True, help_text="From places of the blind arm."
    )


@extend_schema(
    methods=["GET"],
    operation_id="read_calibration",
    summary="How far judges may be trusted",
    description="The share of dialogues whose best candidate by the panel people would accept "
    "unedited, with its interval: overall, by criterion and by part. For adjudicators and admins.",
    parameters=[DATASET],
    responses={200: CalibrationSerializer, **NOT_ALLOWED, **UNKNOWN},
)
@extend_schema(
    methods=["POST"],
    operation_id="reckon_calibration",
    summary="Reckon calibration anew",
    description="Where there are many decisions a worker does so, and this asks it to do so now.",
    parameters=[DATASET],
    request=None,
    responses={202: CalibrationSerializer, **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["GET", "POST"])
def calibration(request: Request, dataset: str) -> Response:
    return known_answer(request, dataset, CALIBRATION, compute_calibration, _serialized)


def _serialized(known: Known) -> Any:
    return CalibrationSerializer(known_shape(known, PARTS)).data
