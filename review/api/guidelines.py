"""Guidelines by the API: members read and confirm them, admins put a new version in force."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, parser_classes
from rest_framework.request import Request
from rest_framework.response import Response

from review import guidelines as versions
from review.api.authentication import caller
from review.api.parsing import BoundedJSONParser
from review.api.serializers import StrictInteger, StrictText
from review.api.views import DATASET, NOT_ALLOWED, UNKNOWN, problem
from review.models import Membership
from review.permissions import dataset_for


class GuidelinesSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField(
        allow_null=True, help_text="The one in force; null where none was ever written."
    )
    text = serializers.CharField(help_text="In Markdown; empty where there is nothing to confirm.")
    summary = serializers.CharField(help_text="What it changed in the version before.")
    confirmed = serializers.IntegerField(help_text="The version that you confirmed last, or 0.")


class NewGuidelinesSerializer(serializers.Serializer[Any]):
    text = StrictText(help_text="In Markdown. The same text as in force adds no version.")
    summary = StrictText(help_text="What changed, for those who knew the version before.")


class ConfirmationSerializer(serializers.Serializer[Any]):
    version = StrictInteger(min_value=1, max_value=2**31 - 1)


@extend_schema(
    methods=["GET"],
    operation_id="read_guidelines",
    summary="The guidelines of a dataset",
    parameters=[DATASET],
    responses={200: GuidelinesSerializer, **UNKNOWN},
)
@extend_schema(
    methods=["PUT"],
    operation_id="change_guidelines",
    summary="Put a new version of the guidelines in force",
    parameters=[DATASET],
    request=NewGuidelinesSerializer,
    responses={
        200: GuidelinesSerializer,
        (400, "application/problem+json"): problem("The text or the summary cannot be taken."),
        **NOT_ALLOWED,
        **UNKNOWN,
    },
)
@api_view(["GET", "PUT"])
@parser_classes([BoundedJSONParser])
def guidelines(request: Request, dataset: str) -> Response:
    """A claim is refused, with kind `guidelines-unread`, until you confirm the version in force."""
    found, membership = dataset_for(caller(request), dataset)
    if request.method == "PUT":
        sent = NewGuidelinesSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        values = {"text": "", "summary": "", **sent.validated_data}
        versions.save(dataset=found, by=caller(request), **values)
    return Response(_shape(membership))


@extend_schema(
    operation_id="confirm_guidelines",
    summary="Confirm that you have read the guidelines",
    parameters=[DATASET],
    request=ConfirmationSerializer,
    responses={
        200: GuidelinesSerializer,
        (400, "application/problem+json"): problem("There is no such number of a version."),
        (409, "application/problem+json"): problem("Another version is in force. Read that one."),
        **UNKNOWN,
    },
)
@api_view(["POST"])
@parser_classes([BoundedJSONParser])
def confirm(request: Request, dataset: str) -> Response:
    """From then on you may claim, until the next version."""
    found, _ = dataset_for(caller(request), dataset)
    sent = ConfirmationSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    membership = versions.confirm(dataset=found, by=caller(request), **sent.validated_data)
    return Response(_shape(membership))


def _shape(membership: Membership) -> dict[str, Any]:
    now = membership.dataset.guidelines_versions.first()
    shape = {
        "version": now.version if now else None,
        "text": now.text if now else "",
        "summary": now.summary if now else "",
        "confirmed": membership.guidelines_confirmed,
    }
    return dict(GuidelinesSerializer(shape).data)
