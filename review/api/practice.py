"""By the API, how each reviewer does on dialogues with a known outcome: for admins."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from review.api.authentication import administered
from review.api.views import DATASET, NOT_ALLOWED, UNKNOWN
from review.practice.pool import size_of
from review.practice.results import Result, results_of


class QuizSerializer(serializers.Serializer[Any]):
    passed_at = serializers.DateTimeField(allow_null=True)
    size = serializers.IntegerField()
    needed = serializers.IntegerField(help_text="How many must be right.")
    answered = serializers.IntegerField(help_text="In the quiz that is not finished.")
    right = serializers.IntegerField(help_text="Of those.")
    tries = serializers.ListField(
        child=serializers.IntegerField(), help_text="Of each finished quiz, how many were right."
    )


class PractisedSerializer(serializers.Serializer[Any]):
    reviewer = serializers.CharField()
    controls = serializers.IntegerField()
    right = serializers.IntegerField(help_text="Of the controls.")
    accuracy = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="Wilson's 95% interval.")
    high = serializers.FloatField(allow_null=True)
    below_threshold = serializers.BooleanField(
        help_text="Even the upper end lies below the dataset's threshold, of 5 controls or more."
    )
    quiz = QuizSerializer(allow_null=True, help_text="Null where there is none to pass.")


class PracticeSerializer(serializers.Serializer[Any]):
    dialogues = serializers.IntegerField(help_text="That serve for practice.")
    chosen = serializers.BooleanField(help_text="Whether an admin chose them.")
    control_rate = serializers.FloatField()
    control_threshold = serializers.FloatField()
    reviewers = PractisedSerializer(many=True)


@extend_schema(
    operation_id="read_practice",
    summary="How reviewers do on controls and in the entry quiz",
    parameters=[DATASET],
    responses={200: PracticeSerializer, **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["GET"])
def practice(request: Request, dataset: str) -> Response:
    """For admins alone: nobody else can tell a control from another dialogue."""
    found, _ = administered(request, dataset)
    pool = size_of(found)
    shape = {
        "dialogues": pool.dialogues,
        "chosen": pool.chosen,
        "control_rate": found.control_rate,
        "control_threshold": found.control_threshold,
        "reviewers": [_reviewer(result) for result in results_of(found)],
    }
    return Response(PracticeSerializer(shape).data)


def _reviewer(result: Result) -> dict[str, Any]:
    member, quiz = result.membership, result.quiz
    stands = quiz and {
        "passed_at": member.quiz_passed_at,
        "size": quiz.size,
        "needed": quiz.needed,
        "answered": quiz.answered,
        "right": quiz.right,
        "tries": quiz.tries,
    }
    return {
        "reviewer": member.user.username,
        "controls": result.n,
        "right": result.right,
        "accuracy": result.accuracy.value,
        "low": result.accuracy.low,
        "high": result.accuracy.high,
        "below_threshold": result.struggles,
        "quiz": stands,
    }
