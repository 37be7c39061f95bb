"""Waves by the API: what was drawn for calibration, and drawing it."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, parser_classes
from rest_framework.request import Request
from rest_framework.response import Response

from review.api.authentication import administered, admitted
from review.api.parsing import BoundedJSONParser, dry_run, is_dry_run
from review.api.serializers import StrictInteger
from review.api.views import DATASET, NOT_ALLOWED, UNKNOWN, problem
from review.calibration.estimating.stored import followed
from review.calibration.sampling import waves
from review.calibration.sampling.tasks import draw_waves
from review.calibration.slices import DIMENSIONS
from review.models import Dataset, Wave, WaveKind
from review.permissions import check_can_see_calibration

WAVE = OpenApiParameter("number", int, OpenApiParameter.PATH, description="The wave's number.")
DRY_RUN = dry_run("nothing is drawn: only said what it would be drawn from.")
REFUSED = {
    (400, "application/problem+json"): problem(
        "There can be no such wave; `field` names `kind`, `size`, `even_share` or `narrowed`."
    )
}


class NewWaveSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(
        choices=WaveKind.choices,
        help_text="`uniform`: exactly `size`, all alike. `informative`: rather those on which "
        "judges, or ranks of candidates, differ; `size` on average.",
    )
    size = StrictInteger(help_text="How many dialogues.")
    even_share = serializers.FloatField(
        required=False,
        help_text="Of an informative wave the share that is spread evenly, 0.5 to 1; else 0.5.",
    )
    narrowed = serializers.DictField(
        child=serializers.CharField(max_length=200),
        default=dict,
        help_text=f"Draws from one part alone: one of {', '.join(DIMENSIONS)} with its value, "
        'such as `{"language": "de"}`.',
    )


class WaveSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=WaveKind.choices)
    size = serializers.IntegerField(help_text="As asked for.")
    dialogues = serializers.IntegerField(help_text="From which it was drawn.")
    drawn = serializers.IntegerField(help_text="0 until a worker has drawn it.")
    decided = serializers.IntegerField(help_text="By a decision that counts.")
    skipped = serializers.IntegerField(help_text="Undecided, and skipped by some who saw them.")
    uncounted = serializers.IntegerField(
        help_text="Settled by decisions that do not count, or changed since."
    )
    waiting = serializers.IntegerField()
    lowest_probability = serializers.FloatField(allow_null=True)
    highest_probability = serializers.FloatField(allow_null=True)
    narrowed = serializers.DictField(child=serializers.CharField())
    words = serializers.CharField(help_text="What else there is to know, such as a failure.")
    as_of = serializers.DateTimeField(
        allow_null=True,
        help_text="When this was reckoned, where too many are drawn to look at each; null: now.",
    )


class WavePreviewSerializer(serializers.Serializer[Any]):
    dialogues = serializers.IntegerField(help_text="To draw from.")
    expected = serializers.FloatField(help_text="How many are drawn, on average.")
    lowest = serializers.FloatField(help_text="Probability to be drawn, of the least likely one.")
    highest = serializers.FloatField()
    sentences = serializers.ListField(
        child=serializers.CharField(), help_text="Which dialogues that wait are left out, and why."
    )


@extend_schema(
    methods=["GET"],
    operation_id="list_waves",
    summary="Waves drawn for calibration",
    description="The last one first. For adjudicators and admins.",
    parameters=[DATASET],
    responses={200: WaveSerializer(many=True), **NOT_ALLOWED, **UNKNOWN},
)
@extend_schema(
    methods=["POST"],
    operation_id="draw_wave",
    summary="Draw a wave",
    description="A worker draws it; its dialogues are then handed out before all others. "
    "For admins.",
    parameters=[DATASET, DRY_RUN],
    request=NewWaveSerializer,
    responses={
        200: WavePreviewSerializer,
        202: WaveSerializer,
        **REFUSED,
        **NOT_ALLOWED,
        **UNKNOWN,
    },
)
@api_view(["GET", "POST"])
@parser_classes([BoundedJSONParser])
def all_waves(request: Request, dataset: str) -> Response:
    if request.method == "POST":
        return _draw(request, dataset)
    found, _ = admitted(request, dataset, check_can_see_calibration)
    return Response(
        WaveSerializer(_shapes(found, list(found.waves.order_by("-number"))), many=True).data
    )


def _draw(request: Request, slug: str) -> Response:
    dataset, user = administered(request, slug)
    sent = NewWaveSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    if is_dry_run(request):
        told = waves.preview(dataset, **sent.validated_data)
        return Response(WavePreviewSerializer(told).data)
    wave = waves.draw(dataset=dataset, by=user, **sent.validated_data)
    draw_waves.delay_on_commit(dataset.pk)
    return Response(WaveSerializer(_shape(wave)).data, status=202)


@extend_schema(
    operation_id="read_wave",
    summary="One wave",
    description="What became of its dialogues so far. For adjudicators and admins.",
    parameters=[DATASET, WAVE],
    responses={200: WaveSerializer, **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["GET"])
def wave(request: Request, dataset: str, number: int) -> Response:
    found, _ = admitted(request, dataset, check_can_see_calibration)
    return Response(WaveSerializer(_shape(waves.wave_of(found, number))).data)


@extend_schema(
    operation_id="close_wave",
    summary="Close a wave",
    description="What nobody has decided is missing in it, and waits as any other dialogue again. "
    "A wave is not opened again. For admins.",
    parameters=[DATASET, WAVE],
    request=None,
    responses={
        200: WaveSerializer,
        (409, "application/problem+json"): problem("It is closed already, or being drawn."),
        **NOT_ALLOWED,
        **UNKNOWN,
    },
)
@api_view(["POST"])
def close(request: Request, dataset: str, number: int) -> Response:
    found, user = administered(request, dataset)
    closed = waves.close(wave=waves.wave_of(found, number), by=user)
    return Response(WaveSerializer(_shape(closed)).data)


def _shape(wave: Wave) -> dict[str, Any]:
    return _shapes(wave.dataset, [wave])[0]


def _shapes(dataset: Dataset, waves: Sequence[Wave]) -> list[dict[str, Any]]:
    return [{**vars(one.line), "as_of": one.as_of} for one in followed(dataset, waves)]
