"""The operation of the API on what a text would find at a reviewer's place."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, parser_classes
from rest_framework.request import Request
from rest_framework.response import Response

from generation.api.serializers import KeepableText
from generation.searching import Found, trying
from generation.searching.trying import Answer, Tried
from review import assignments
from review.api.authentication import caller
from review.api.parsing import BoundedJSONParser
from review.api.serializers import StrictInteger
from review.api.views import NOT_ALLOWED, UNKNOWN, problem
from review.models import Assignment, CheckOutcome

REFUSED = {(400, "application/problem+json"): problem("The text or the candidate is wrong.")}
LARGEST_KEY = 2**63 - 1


class TrialInputSerializer(serializers.Serializer[Any]):
    text = KeepableText()
    candidate = StrictInteger(
        required=False, allow_null=True, default=None, min_value=0, max_value=LARGEST_KEY
    )


class PlaceFoundSerializer(serializers.Serializer[Any]):
    """Where the best of the targets stands: null where none can be ranked."""

    rank = serializers.IntegerField(allow_null=True)
    tied = serializers.IntegerField(allow_null=True)


class ImageFoundSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    score = serializers.FloatField()
    is_target = serializers.BooleanField()


class TrialSerializer(serializers.Serializer[Any]):
    """Unless the answer is *found*, there are no ranks and no images yet."""

    answer = serializers.ChoiceField(choices=[one.value for one in Answer])
    lacks = serializers.CharField(
        allow_blank=True, help_text="What is waited for where the answer is *preparing*."
    )
    retriever = serializers.CharField()
    corpus_version = serializers.IntegerField(help_text="Of the index that was searched.")
    outdated = serializers.BooleanField(help_text="The corpus has changed since.")
    corpus_size = serializers.IntegerField(allow_null=True)
    outcome = serializers.ChoiceField(
        choices=CheckOutcome.values, help_text="How the text does against the final query."
    )
    unranked_reason = serializers.CharField(allow_blank=True)
    final_query = PlaceFoundSerializer(allow_null=True)
    candidate = PlaceFoundSerializer(allow_null=True)
    text = PlaceFoundSerializer(allow_null=True)
    top = ImageFoundSerializer(many=True, help_text="The best images for the text.")


@extend_schema(
    operation_id="try_text",
    summary="Try what a text would find",
    request=TrialInputSerializer,
    responses={200: TrialSerializer, **REFUSED, **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["POST"])
@parser_classes([BoundedJSONParser])
def try_text(request: Request, assignment: int) -> Response:
    """The target's rank for a text, the final query and a candidate, at a place of yours.

    `building` and `busy`: ask again in a second. `preparing`: the retriever's model or vectors are
    not there yet.
    """
    place = assignments.place_of(assignment_id=assignment, by=caller(request))
    sent = TrialInputSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    tried = trying.try_text(
        place=place,
        text=sent.validated_data["text"],
        candidate_id=sent.validated_data["candidate"],
    )
    return Response(TrialSerializer(_shape(place, tried)).data)


def _shape(place: Assignment, tried: Tried) -> dict[str, Any]:
    targets = set(place.dialogue.target_images)
    top = tried.text.top if tried.text else []
    return {
        "answer": tried.answer,
        "lacks": tried.lacks,
        "retriever": tried.retriever,
        "corpus_version": tried.edition.version,
        "outdated": tried.outdated,
        "corpus_size": tried.text.corpus_size if tried.text else None,
        "outcome": tried.outcome,
        "unranked_reason": tried.text.unranked_reason if tried.text else "",
        "final_query": _place(tried.final_query),
        "candidate": _place(tried.candidate),
        "text": _place(tried.text),
        "top": [{"id": i, "score": score, "is_target": i in targets} for i, score in top],
    }


def _place(found: Found | None) -> dict[str, int | None] | None:
    return None if found is None else {"rank": found.rank, "tied": found.tied}
