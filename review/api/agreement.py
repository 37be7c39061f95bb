"""How far reviewers agree, over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from review.agreement import wording
from review.agreement.stored import AGREEMENT
from review.api.figures import FigureSerializer, KnownSerializer, known_answer, known_shape
from review.api.views import DATASET, NOT_ALLOWED, UNKNOWN
from review.report_tasks import compute_agreement
from review.reports import Known

PARTS = ("basis", "together", "pairs", "reviewers", "weeks", "arms")


class BasisSerializer(serializers.Serializer[Any]):
    decisions = serializers.IntegerField()
    dialogues = serializers.IntegerField()
    again = serializers.IntegerField(help_text="Given after an earlier one was taken back.")
    left_out = serializers.ListField(child=serializers.CharField())


class TogetherSerializer(serializers.Serializer[Any]):
    dialogues = serializers.IntegerField(help_text="With decisions of two reviewers or more.")
    agreed = serializers.IntegerField()
    differed = serializers.IntegerField()
    outcome = FigureSerializer(help_text="Share of pairs with the same text, or both reject.")
    verdict = FigureSerializer(help_text="Share that both accept, edit or reject.")
    alpha = FigureSerializer(help_text="Krippendorff's, of verdicts.")


class PairSerializer(serializers.Serializer[Any]):
    one = serializers.CharField()
    other = serializers.CharField()
    same = serializers.IntegerField()
    other_text = serializers.IntegerField()
    other_verdict = serializers.IntegerField()
    outcome = FigureSerializer()
    kappa = FigureSerializer(help_text="Cohen's, of verdicts.")


class ReviewerSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    decisions = serializers.IntegerField()
    others = FigureSerializer(help_text="Same outcome as other reviewers.")
    upheld = serializers.IntegerField()
    overruled = serializers.IntegerField()
    settled = FigureSerializer(help_text="Same as what the dialogue came to.")
    adjudicated = FigureSerializer(help_text="Same as an adjudicator's word.")


class WeekSerializer(serializers.Serializer[Any]):
    monday = serializers.DateField()
    outcome = FigureSerializer()


class AttritionSerializer(serializers.Serializer[Any]):
    drawn = serializers.IntegerField()
    unseen = serializers.IntegerField(help_text="Ended before they were begun.")
    decided = serializers.IntegerField()
    skipped = serializers.IntegerField()
    left = serializers.IntegerField(help_text="Begun, and ended undecided.")
    open = serializers.IntegerField()


class MeasureSerializer(serializers.Serializer[Any]):
    name = serializers.ChoiceField(choices=list(wording.MEASURES))
    figure = FigureSerializer()
    effect = FigureSerializer(
        allow_null=True, help_text="How far the plain arm lies above this one; null in it."
    )


class ArmSerializer(serializers.Serializer[Any]):
    arm = serializers.ChoiceField(choices=list(wording.HIDDEN))
    attrition = AttritionSerializer()
    measures = MeasureSerializer(many=True)
    sentences = serializers.ListField(child=serializers.CharField())


class AgreementSerializer(KnownSerializer):
    basis = BasisSerializer(allow_null=True)
    together = TogetherSerializer(allow_null=True)
    pairs = PairSerializer(many=True, allow_null=True)
    reviewers = ReviewerSerializer(many=True, allow_null=True)
    weeks = WeekSerializer(many=True, allow_null=True)
    arms = ArmSerializer(many=True, allow_null=True)


@extend_schema(
    methods=["GET"],
    operation_id="read_agreement",
    summary="How far reviewers agree",
    description="With each other, with outcomes, and from arm to arm. For adjudicators and admins.",
    parameters=[DATASET],
    responses={200: AgreementSerializer, **NOT_ALLOWED, **UNKNOWN},
)
@extend_schema(
    methods=["POST"],
    operation_id="reckon_agreement",
    summary="Reckon agreement anew",
    description="Where there are many decisions a worker does so, and this asks it to do so now.",
    parameters=[DATASET],
    request=None,
    responses={202: AgreementSerializer, **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["GET", "POST"])
def agreement(request: Request, dataset: str) -> Response:
    return known_answer(request, dataset, AGREEMENT, compute_agreement, _serialized)


def _serialized(known: Known) -> Any:
    shape = known_shape(known, PARTS)
    if shape["arms"] is not None:
        shape["arms"] = [{**arm, "sentences": wording.sentences(arm)} for arm in shape["arms"]]
    return AgreementSerializer(shape).data
