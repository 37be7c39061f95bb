"""What supports a word of a rewrite, for programs of those who may see what deceives."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, parser_classes
from rest_framework.request import Request
from rest_framework.response import Response

from generation import deceiving
from generation.deceiving.tasks import drain_traits
from review.api.authentication import caller
from review.api.parsing import BoundedJSONParser
from review.api.serializers import StrictInteger, StrictText, SupportSerializer
from review.api.views import DATASET, DIALOGUE, NOT_ALLOWED, UNKNOWN, dialogue_of, problem
from review.models import Dialogue
from review.permissions import dataset_for

INVALID = {(400, "application/problem+json"): problem("There is no such word or turn.")}
SUPPORT = OpenApiParameter("support", int, OpenApiParameter.PATH, description="Its id.")


class NewSupportSerializer(serializers.Serializer[Any]):
    word = StrictText(help_text="A content word of the approved rewrite, as written there.")
    turn = StrictInteger(min_value=0, help_text="The turn that means it, from 0.")


@extend_schema(
    operation_id="support_word",
    summary="Point a word to the turn that means it",
    parameters=[DATASET, DIALOGUE],
    request=NewSupportSerializer,
    responses={201: SupportSerializer, **INVALID, **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["POST"])
@parser_classes([BoundedJSONParser])
def support(request: Request, dataset: str, external_id: str) -> Response:
    """The word is then supported: it leaks no more. Another turn takes the place of your first.

    For who may see the check of the dialogue and the decisions on it.
    """
    found, _ = dataset_for(caller(request), dataset)
    sent = NewSupportSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    dialogue = dialogue_of(found, external_id)
    word, turn = sent.validated_data.get("word", ""), sent.validated_data["turn"]
    row = deceiving.support(dialogue=dialogue, word=word, turn=turn, by=caller(request))
    _look_again(dialogue)
    return Response(SupportSerializer(row).data, status=201)


@extend_schema(
    operation_id="withdraw_support",
    summary="Take back what a word was pointed to",
    parameters=[DATASET, DIALOGUE, SUPPORT],
    request=None,
    responses={204: OpenApiResponse(description="It is taken back."), **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["DELETE"])
def withdraw(request: Request, dataset: str, external_id: str, support: int) -> Response:
    """Your own; an admin takes back anybody's. Safe to repeat."""
    found, _ = dataset_for(caller(request), dataset)
    dialogue = dialogue_of(found, external_id)
    deceiving.withdraw(dialogue=dialogue, support_id=support, by=caller(request))
    _look_again(dialogue)
    return Response(status=204)


def _look_again(dialogue: Dialogue) -> None:
    """What is left of the gain may have to be searched for anew."""
    dialogue.refresh_from_db()
    if dialogue.traits_due:
        drain_traits.delay_on_commit(dialogue.dataset_id)
