"""Operations of the API at the desk: claim, keep a draft, decide, give back, take back."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.decorators import api_view, parser_classes
from rest_framework.request import Request
from rest_framework.response import Response

from review import assignments, decisions, undoing, visibility
from review.api import shapes
from review.api.authentication import caller
from review.api.parsing import BoundedJSONParser
from review.api.serializers import (
    ClaimSerializer,
    DecidedSerializer,
    DialogueSerializer,
    DraftSerializer,
    FirstTextSerializer,
    KeptDraftSerializer,
    LeaseSerializer,
    NewerDraftSerializer,
    RulingSerializer,
)
from review.api.views import (
    DATASET,
    IDEMPOTENCY_KEY,
    NOT_ALLOWED,
    UNKNOWN,
    idempotency_key,
    problem,
)
from review.calibration.certifying.auditing import may_revoke
from review.calibration.certifying.tasks import tend_certificates
from review.models import Assignment
from review.permissions import check_can_review
from review.places import activity, drafts

# What is asked for all the time. Fields are copied when a serializer is made: once, not with every
# answer.
CLAIM = ClaimSerializer()
DECIDED = DecidedSerializer()
LOST = {(409, "application/problem+json"): problem("Kind `place-lost`: the place has gone.")}


@extend_schema(
    operation_id="claim",
    summary="Claim the next dialogue",
    parameters=[DATASET],
    request=None,
    responses={
        200: ClaimSerializer,
        204: OpenApiResponse(description="Nothing waits for you."),
        (409, "application/problem+json"): problem(
            "Kind `guidelines-unread`: read the guidelines in force and confirm them first."
        ),
        **NOT_ALLOWED,
        **UNKNOWN,
    },
)
@api_view(["POST"])
def claim(request: Request, dataset: str) -> Response:
    """Your own open place if you have one, its lease renewed; else a place in the next dialogue."""
    assignment = assignments.claim_in(slug=dataset, by=caller(request))
    return Response(status=204) if assignment is None else Response(_in_hand(assignment))


def _in_hand(assignment: Assignment) -> Any:
    """A place with what its reviewer sees, which goes into the record."""
    view = visibility.at_place(assignment)
    visibility.record_shown(view)
    return CLAIM.to_representation(shapes.claimed(assignment, view))


@extend_schema(
    operation_id="decide",
    summary="Decide on a dialogue",
    parameters=[IDEMPOTENCY_KEY],
    request=RulingSerializer,
    responses={
        201: DecidedSerializer,
        (400, "application/problem+json"): problem("The verdict or what belongs to it is wrong."),
        (409, "application/problem+json"): problem(
            "The record has moved on; with kind `place-lost` your text is kept as a draft."
        ),
        **NOT_ALLOWED,
        **UNKNOWN,
    },
)
@api_view(["POST"])
@parser_classes([BoundedJSONParser])
def decide(request: Request, assignment: int) -> Response:
    """`accept` needs a candidate, `edit` a text, `reject` a reason."""
    sent = RulingSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    decision = decisions.decide_at(
        assignment_id=assignment,
        ruling=sent.ruling(),
        by=caller(request),
        idempotency_key=idempotency_key(request),
    )
    if may_revoke(decision):
        tend_certificates.delay_on_commit(decision.dialogue.dataset_id)
    return Response(DECIDED.to_representation(decision), status=201)


@extend_schema(
    operation_id="undo",
    summary="Take back a decision",
    request=None,
    responses={
        200: ClaimSerializer,
        (409, "application/problem+json"): problem(
            "It was taken back before, adjudicated or released, or its place has gone."
        ),
        **NOT_ALLOWED,
        **UNKNOWN,
    },
)
@api_view(["POST"])
def undo(request: Request, decision: int) -> Response:
    """Your own decision, by a record of its own; you hold its place again, as after a claim."""
    mine = undoing.own_decision(decision_id=decision, by=caller(request))
    check_can_review(caller(request), mine.dialogue.dataset)
    return Response(_in_hand(undoing.undo(decision=mine, by=caller(request))))


@extend_schema(
    operation_id="save_draft",
    summary="Keep a draft",
    request=DraftSerializer,
    responses={
        200: KeptDraftSerializer,
        (400, "application/problem+json"): problem("It is too long, or has a field too many."),
        (409, "application/problem+json"): OpenApiResponse(
            NewerDraftSerializer, "Kind `newer-draft`: with what was kept since, as `draft`."
        ),
        **NOT_ALLOWED,
        **UNKNOWN,
    },
)
@api_view(["PUT"])
@parser_classes([BoundedJSONParser])
def draft(request: Request, assignment: int) -> Response:
    """What is being written, kept until the decision, also after the place has gone; a sign of
    life. `revision` is the one that you wrote upon."""
    place = assignments.place_of(assignment_id=assignment, by=caller(request))
    sent = DraftSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    kept = drafts.save(assignment=place, draft=drafts.Draft(**sent.validated_data))
    return Response(KeptDraftSerializer(shapes.kept_draft(place, kept)).data)


@extend_schema(
    operation_id="stay",
    summary="Keep a place",
    request=None,
    responses={200: LeaseSerializer, **LOST, **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["POST"])
def stay(request: Request, assignment: int) -> Response:
    """A sign of life: the lease is renewed, and the time since the last one counts as work."""
    place = assignments.place_of(assignment_id=assignment, by=caller(request))
    activity.renew(place)
    return Response(LeaseSerializer(place).data)


@extend_schema(
    operation_id="give_back",
    summary="Give a place back",
    request=None,
    responses={
        204: OpenApiResponse(description="It is not yours any more, or never was open."),
        **NOT_ALLOWED,
        **UNKNOWN,
    },
)
@api_view(["DELETE"])
def give_back(request: Request, assignment: int) -> Response:
    """Somebody else, or you, may take it later; your draft is kept for you. What was decided
    stays."""
    place = assignments.place_of(assignment_id=assignment, by=caller(request))
    assignments.give_back(assignment=place)
    return Response(status=204)


@extend_schema(
    operation_id="write_first",
    summary="Write before seeing candidates",
    request=FirstTextSerializer,
    responses={
        200: DialogueSerializer,
        (400, "application/problem+json"): problem("The text is empty or too long."),
        (409, "application/problem+json"): problem(
            "The place has gone, or its candidates were never hidden."
        ),
        **NOT_ALLOWED,
        **UNKNOWN,
    },
)
@api_view(["POST"])
@parser_classes([BoundedJSONParser])
def first_text(request: Request, assignment: int) -> Response:
    """Where `writes_first` said so: your own rewrite, kept with the decision; then the dialogue as
    it shows from here on."""
    place = assignments.place_of(assignment_id=assignment, by=caller(request))
    sent = FirstTextSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    drafts.write_unaided(assignment=place, text=sent.validated_data["text"])
    view = visibility.at_place(place)
    visibility.record_shown(view)
    return Response(DialogueSerializer(shapes.dialogue(view)).data)
