"""Disputes and what is said about dialogues, for programs of adjudicators and reviewers."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, parser_classes
from rest_framework.request import Request
from rest_framework.response import Response

from review import decisions, visibility
from review.api import shapes
from review.api.authentication import caller
from review.api.parsing import BoundedJSONParser
from review.api.serializers import (
    DecidedSerializer,
    DialogueSerializer,
    RulingSerializer,
    StrictText,
)
from review.api.views import (
    DATASET,
    DIALOGUE,
    IDEMPOTENCY_KEY,
    NOT_ALLOWED,
    UNKNOWN,
    dialogue_of,
    idempotency_key,
    problem,
)
from review.discussion import comments, disputes, sending_back
from review.errors import Missing
from review.models import Decision
from review.permissions import dataset_for

CONFLICT = {(409, "application/problem+json"): problem("The record has moved on.")}
INVALID = {(400, "application/problem+json"): problem("What was sent cannot be taken.")}


class DisputeSerializer(serializers.Serializer[Any]):
    held_until = serializers.DateTimeField(help_text="Claim again to keep it.")
    dialogue = DialogueSerializer()


class SendBackSerializer(serializers.Serializer[Any]):
    comment = StrictText(help_text="What the reviewer should look at again.")


class SentBackSerializer(serializers.Serializer[Any]):
    reviewer = serializers.CharField(source="reviewer.username")
    expires_at = serializers.DateTimeField(help_text="Then the place is everybody's again.")
    dialogue = serializers.CharField(source="dialogue.external_id")


class CommentSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    author = serializers.CharField(source="author.username")
    text = serializers.CharField()
    time = serializers.DateTimeField(source="created")


class NewCommentSerializer(serializers.Serializer[Any]):
    text = StrictText(help_text="`@username` tells that member.")


class ThreadSerializer(serializers.Serializer[Any]):
    whole = serializers.BooleanField(
        help_text="False before your own decision: you see your own lines, and what the person who "
        "sent the dialogue back says to you."
    )
    earlier = serializers.IntegerField(help_text="How many older lines are left out.")
    comments = CommentSerializer(many=True, source="lines")


@extend_schema(
    operation_id="claim_dispute",
    summary="Claim the next dispute",
    parameters=[DATASET],
    request=None,
    responses={
        200: DisputeSerializer,
        204: OpenApiResponse(description="No dispute waits for you."),
        **NOT_ALLOWED,
        **UNKNOWN,
    },
)
@api_view(["POST"])
def claim(request: Request, dataset: str) -> Response:
    """The dispute that you hold, renewed, else the oldest that nobody holds.

    Not one on which you decided as a reviewer, as long as another adjudicator can settle it.
    """
    found, membership = dataset_for(caller(request), dataset)
    dialogue = disputes.claim_next(dataset=found, by=caller(request))
    if dialogue is None:
        return Response(status=204)
    view = visibility.for_reader(dialogue, membership)
    claimed = {"held_until": dialogue.held_until, "dialogue": shapes.dialogue(view)}
    return Response(DisputeSerializer(claimed).data)


@extend_schema(
    operation_id="adjudicate",
    summary="Settle a dispute",
    parameters=[DATASET, DIALOGUE, IDEMPOTENCY_KEY],
    request=RulingSerializer,
    responses={201: DecidedSerializer, **INVALID, **CONFLICT, **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["POST"])
@parser_classes([BoundedJSONParser])
def adjudicate(request: Request, dataset: str, external_id: str) -> Response:
    """As a decision at a place, but for `skip`; any candidate can be chosen.

    It need not be claimed; where another adjudicator holds it, it is refused with 409.
    """
    found, _ = dataset_for(caller(request), dataset)
    sent = RulingSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    decision = decisions.adjudicate(
        dialogue=dialogue_of(found, external_id),
        ruling=sent.ruling(),
        by=caller(request),
        idempotency_key=idempotency_key(request),
    )
    return Response(DecidedSerializer(decision).data, status=201)


@extend_schema(
    operation_id="send_back",
    summary="Send a decision back to its reviewer",
    request=SendBackSerializer,
    responses={201: SentBackSerializer, **INVALID, **CONFLICT, **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["POST"])
@parser_classes([BoundedJSONParser])
def send_back(request: Request, decision: int) -> Response:
    """Takes the decision back and puts the dialogue first in line at its reviewer's desk.

    For adjudicators and admins, until the dialogue is adjudicated or released.
    """
    mine = Decision.objects.filter(
        dialogue__dataset__memberships__user=caller(request),
        dialogue__dataset__memberships__paused=False,
    )
    found = mine.filter(pk=decision).first()
    if found is None:
        raise Missing(f"There is no decision {decision} in your datasets.")
    sent = SendBackSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    comment = sent.validated_data.get("comment", "")
    place = sending_back.send_back(decision=found, comment=comment, by=caller(request))
    return Response(SentBackSerializer(place).data, status=201)


@extend_schema(
    methods=["GET"],
    operation_id="list_comments",
    summary="The comments on a dialogue",
    parameters=[DATASET, DIALOGUE],
    responses={200: ThreadSerializer, **UNKNOWN},
)
@extend_schema(
    methods=["POST"],
    operation_id="add_comment",
    summary="Comment on a dialogue",
    parameters=[DATASET, DIALOGUE],
    request=NewCommentSerializer,
    responses={201: CommentSerializer, **INVALID, **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["GET", "POST"])
@parser_classes([BoundedJSONParser])
def thread(request: Request, dataset: str, external_id: str) -> Response:
    """The whole thread is open to those who may see how others decided on the dialogue."""
    found, membership = dataset_for(caller(request), dataset)
    dialogue = dialogue_of(found, external_id)
    if request.method == "GET":
        return Response(ThreadSerializer(comments.thread(dialogue, membership)).data)
    sent = NewCommentSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    text = sent.validated_data.get("text", "")
    comment = comments.add(dialogue=dialogue, text=text, membership=membership)
    return Response(CommentSerializer(comment).data, status=201)
