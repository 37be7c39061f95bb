"""Members, invitations, held places and hours, for the programs of those who run a dataset."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, parser_classes
from rest_framework.request import Request
from rest_framework.response import Response

from review.api.authentication import administered, caller
from review.api.parsing import BoundedJSONParser
from review.api.serializers import StrictInteger
from review.api.views import DATASET, NOT_ALLOWED, UNKNOWN, problem
from review.models import Role
from review.people import invitations, worklog
from review.people.roster import roster
from review.permissions import dataset_for
from review.places import holding

FROM = OpenApiParameter("from", str, description="The first day, as 2026-11-01; else this month.")
TO = OpenApiParameter("to", str, description="The last day; else today.")
MINE = OpenApiParameter("mine", bool, description="Your own days alone: everybody may ask for it.")


class HeldSerializer(serializers.Serializer[Any]):
    """A place that somebody holds: `begun` is null for the one after the one in hand."""

    assignment = serializers.IntegerField(source="pk")
    reviewer = serializers.CharField(source="reviewer.username")
    dialogue = serializers.CharField(source="dialogue.external_id")
    claimed_at = serializers.DateTimeField()
    begun_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField()


class MemberSerializer(serializers.Serializer[Any]):
    user = serializers.CharField(source="member.user.username")
    role = serializers.ChoiceField(choices=Role.choices, source="member.role")
    paused = serializers.BooleanField(source="member.paused")
    languages = serializers.ListField(
        child=serializers.CharField(),
        source="member.languages",
        help_text="In which they are handed dialogues; empty for all.",
    )
    guidelines_confirmed = serializers.IntegerField(
        source="member.guidelines_confirmed", help_text="The version; 0 for none."
    )
    decisions = serializers.IntegerField(source="decided")
    last_seen = serializers.DateTimeField(source="last", allow_null=True)
    controls = serializers.IntegerField(
        source="controls.n", default=0, help_text="Hidden controls that they decided on."
    )
    controls_right = serializers.IntegerField(source="controls.right", default=0)
    held = serializers.IntegerField(source="held.count", help_text="Places that they hold now.")
    holds = HeldSerializer(
        many=True,
        source="held.first",
        help_text=f"The first {holding.MOST_SHOWN} of them; `places/` has all.",
    )


class NewInvitationSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=Role.choices)
    languages = serializers.ListField(child=serializers.CharField(max_length=32), default=list)
    most_uses = StrictInteger(default=1, help_text="How many may join by it.")
    days = StrictInteger(default=7, help_text="How long it stays open.")


class InvitationSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="pk")
    role = serializers.ChoiceField(choices=Role.choices)
    languages = serializers.ListField(child=serializers.CharField())
    uses = serializers.IntegerField()
    most_uses = serializers.IntegerField()
    expires_at = serializers.DateTimeField()


class MadeInvitationSerializer(InvitationSerializer):
    link = serializers.CharField(help_text="Shown this once.")


class DayOfWorkSerializer(serializers.Serializer[Any]):
    person = serializers.CharField()
    day = serializers.DateField()
    accept = serializers.IntegerField(source="work.accept")
    edit = serializers.IntegerField(source="work.edit")
    reject = serializers.IntegerField(source="work.reject")
    more = serializers.IntegerField(source="work.more")
    skip = serializers.IntegerField(source="work.skip")
    quiz = serializers.IntegerField(source="work.quiz")
    adjudications = serializers.IntegerField(source="work.adjudications")
    places = serializers.IntegerField(
        source="work.places", help_text="Those they were at work on, decided or not."
    )
    seconds = serializers.FloatField(
        source="work.seconds", help_text="At work, as the server saw it."
    )


@extend_schema(
    operation_id="list_members",
    summary="The members of a dataset",
    parameters=[DATASET],
    responses={200: MemberSerializer(many=True), **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["GET"])
def members(request: Request, dataset: str) -> Response:
    """For its admins: roles, languages, work, and what each holds now."""
    found, _ = administered(request, dataset)
    return Response(MemberSerializer(roster(found), many=True).data)


@extend_schema(
    operation_id="invite",
    summary="Invite people by a link",
    parameters=[DATASET],
    request=NewInvitationSerializer,
    responses={
        201: MadeInvitationSerializer,
        (400, "application/problem+json"): problem("No such role or language, or out of bounds."),
        **NOT_ALLOWED,
        **UNKNOWN,
    },
)
@api_view(["POST"])
@parser_classes([BoundedJSONParser])
def invite(request: Request, dataset: str) -> Response:
    """Whoever opens the link can join in that role, with an account or a new one."""
    found, _ = administered(request, dataset)
    sent = NewInvitationSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    made, secret = invitations.make(dataset=found, by=caller(request), **sent.validated_data)
    link = request.build_absolute_uri(reverse("join", args=[secret]))
    return Response({**InvitationSerializer(made).data, "link": link}, status=201)


@extend_schema(
    operation_id="list_places",
    summary="Who holds which place",
    parameters=[DATASET],
    responses={200: HeldSerializer(many=True), **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["GET"])
def places(request: Request, dataset: str) -> Response:
    """For admins: every place that is held now."""
    return Response(
        HeldSerializer(holding.held_in(administered(request, dataset)[0]), many=True).data
    )


@extend_schema(
    operation_id="take_back_place",
    summary="Take a place back",
    parameters=[DATASET],
    responses={
        204: OpenApiResponse(description="It is free; what was written stays a draft."),
        (409, "application/problem+json"): problem("It is not held any more."),
        **NOT_ALLOWED,
        **UNKNOWN,
    },
)
@api_view(["DELETE"])
def place(request: Request, dataset: str, assignment: int) -> Response:
    """For admins: frees a place that somebody holds, so that others can take it at once."""
    found, _ = administered(request, dataset)
    holding.take_back(dataset=found, assignment_id=assignment, by=caller(request))
    return Response(status=204)


@extend_schema(
    operation_id="list_hours",
    summary="Hours and counts, by person and day",
    parameters=[DATASET, FROM, TO, MINE],
    responses={
        200: DayOfWorkSerializer(many=True),
        (400, "application/problem+json"): problem("No dates, or more than a year."),
        **NOT_ALLOWED,
        **UNKNOWN,
    },
)
@api_view(["GET"])
def hours(request: Request, dataset: str) -> Response:
    """For admins, or with `mine` of yourself. Days are those of the site's time zone."""
    asked = request.query_params
    mine = asked.get("mine", "") not in {"", "0", "false"}
    found, _ = dataset_for(caller(request), dataset) if mine else administered(request, dataset)
    log = worklog.worklog(
        dataset=found,
        period=worklog.Period.of(asked.get("from", ""), asked.get("to", "")),
        of=caller(request) if mine else None,
    )
    return Response(DayOfWorkSerializer(log, many=True).data)
