"""Certificates by the API: read by adjudicators and admins, tested and ended by admins.

What a dataset uses them for is a field of its policy.
"""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, parser_classes
from rest_framework.request import Request
from rest_framework.response import Response

from review.api.authentication import administered, admitted, caller
from review.api.parsing import BoundedJSONParser, dry_run, is_dry_run
from review.api.views import DATASET, DIALOGUE, NOT_ALLOWED, UNKNOWN, dialogue_of, problem
from review.calibration.certifying import certificates, listing, putting_back
from review.calibration.certifying.certificates import (
    CONFIDENCE,
    CONFIDENCES,
    SHARE,
    SHARES,
)
from review.calibration.certifying.listing import Listed
from review.calibration.certifying.tasks import tend_certificates
from review.models import CertificateEnd, Dataset
from review.permissions import check_can_see_calibration, dataset_for

CONFLICT = {(409, "application/problem+json"): problem("The record has moved on.")}
NUMBER = OpenApiParameter("number", OpenApiTypes.INT, OpenApiParameter.PATH)
DRY_RUN = dry_run("nothing is tested or used up: only said of what.")


class TestedScoreSerializer(serializers.Serializer[Any]):
    score = serializers.FloatField()
    n = serializers.IntegerField(help_text="Drawn dialogues at or above it.")
    bad = serializers.IntegerField(help_text="Of these, those not accepted or not decided.")
    bound = serializers.FloatField(help_text="At most this share is bad, at this confidence.")
    passed = serializers.BooleanField()


class CountsSerializer(serializers.Serializer[Any]):
    covered = serializers.IntegerField()
    accepted = serializers.IntegerField(help_text="Approved without a person.")
    one_decision = serializers.IntegerField()
    audits = serializers.IntegerField(help_text="Sent to people all the same, by lot.")
    audited = serializers.IntegerField(help_text="Of these, those decided.")
    bad = serializers.IntegerField(help_text="Of the decided.")
    put_back = serializers.IntegerField()
    to_put_back = serializers.IntegerField(help_text="What stands approved by it alone.")


class CertificateSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField(source="certificate.number")
    by = serializers.CharField(source="certificate.by.username", default=None, allow_null=True)
    created = serializers.DateTimeField(source="certificate.created")
    share = serializers.FloatField(source="certificate.share")
    confidence = serializers.FloatField(source="certificate.confidence")
    in_force = serializers.BooleanField(source="certificate.is_in_force")
    threshold = serializers.FloatField(
        source="certificate.threshold", allow_null=True, help_text="Null: nothing passed."
    )
    words = serializers.CharField()
    steps = TestedScoreSerializer(source="certificate.steps", many=True)
    waves = serializers.ListField(child=serializers.IntegerField())
    conditions = serializers.JSONField(
        source="certificate.conditions", help_text="Judges, rubric and rewriters it is of."
    )
    ended_at = serializers.DateTimeField(source="certificate.ended_at", allow_null=True)
    end = serializers.ChoiceField(
        source="certificate.end", choices=CertificateEnd.choices, allow_blank=True
    )
    end_note = serializers.CharField(source="certificate.end_note")
    counts = CountsSerializer()


class TestSerializer(serializers.Serializer[Any]):
    """Given before anybody sees how it comes out."""

    share = serializers.FloatField(
        default=SHARE, help_text=f"Of bad ones at most, {SHARES[0]} to {SHARES[1]}."
    )
    confidence = serializers.FloatField(
        default=CONFIDENCE, help_text=f"{CONFIDENCES[0]} to {CONFIDENCES[1]}."
    )


class PreviewSerializer(serializers.Serializer[Any]):
    share = serializers.FloatField()
    confidence = serializers.FloatField()
    waves = serializers.ListField(child=serializers.IntegerField())
    drawn = serializers.IntegerField()
    decided = serializers.IntegerField()
    missing = serializers.IntegerField(help_text="Not decided, or skipped: these count as bad.")
    needed = serializers.IntegerField(help_text="Without a bad one, so many pass.")
    words = serializers.CharField(help_text="Why no test can be made; empty: one can.")


@extend_schema(
    methods=["GET"],
    operation_id="list_certificates",
    summary="Certificates of a dataset",
    description="The newest first. For adjudicators and admins.",
    parameters=[DATASET],
    responses={200: CertificateSerializer(many=True), **NOT_ALLOWED, **UNKNOWN},
)
@extend_schema(
    methods=["POST"],
    operation_id="test_for_certificate",
    summary="Test for a certificate",
    description="Uses up uniform waves of the present judges, rubric and rewriters that no test "
    "has used and that were asked for before anybody decided on any of them. Where no score passes "
    "the certificate has no threshold.",
    parameters=[DATASET, DRY_RUN],
    request=TestSerializer,
    responses={
        200: PreviewSerializer,
        201: CertificateSerializer,
        (400, "application/problem+json"): problem("A share or confidence that none can be."),
        (409, "application/problem+json"): problem("No test can be made yet; nothing was used."),
        **NOT_ALLOWED,
        **UNKNOWN,
    },
)
@api_view(["GET", "POST"])
@parser_classes([BoundedJSONParser])
def all_certificates(request: Request, dataset: str) -> Response:
    if request.method == "POST":
        return _test(request, dataset)
    found, _ = admitted(request, dataset, check_can_see_calibration)
    return Response(CertificateSerializer(listing.listed(found), many=True).data)


def _test(request: Request, slug: str) -> Response:
    dataset, user = administered(request, slug)
    sent = TestSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    if is_dry_run(request):
        preview = certificates.preview(dataset=dataset, **sent.validated_data)
        return Response(PreviewSerializer(preview).data)
    made = certificates.test(dataset=dataset, by=user, **sent.validated_data)
    tend_certificates.delay_on_commit(dataset.pk)
    return Response(CertificateSerializer(_shown(dataset, made.number)).data, status=201)


@extend_schema(
    operation_id="withdraw_certificate",
    summary="Withdraw a certificate",
    parameters=[DATASET, NUMBER],
    request=None,
    responses={200: CertificateSerializer, **CONFLICT, **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["POST"])
def withdraw(request: Request, dataset: str, number: int) -> Response:
    """Nothing more is approved by it; what it approved stays so, unless it is put back."""
    found, user = administered(request, dataset)
    certificates.withdraw(certificate=certificates.certificate_of(found, number), by=user)
    tend_certificates.delay_on_commit(found.pk)
    return Response(CertificateSerializer(_shown(found, number)).data)


@extend_schema(
    operation_id="put_back_certified",
    summary="Have people decide on all that a certificate approved",
    parameters=[DATASET, NUMBER],
    request=None,
    responses={202: CertificateSerializer, **CONFLICT, **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["POST"])
def put_back(request: Request, dataset: str, number: int) -> Response:
    """Of one that has ended. A worker puts it into the queue; what a release holds stays."""
    found, user = administered(request, dataset)
    putting_back.ask(certificate=certificates.certificate_of(found, number), by=user)
    tend_certificates.delay_on_commit(found.pk)
    return Response(CertificateSerializer(_shown(found, number)).data, status=202)


@extend_schema(
    operation_id="put_back_dialogue",
    summary="Have people decide on a certified dialogue",
    parameters=[DATASET, DIALOGUE],
    request=None,
    responses={204: None, **CONFLICT, **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["POST"])
def put_back_dialogue(request: Request, dataset: str, external_id: str) -> Response:
    """For adjudicators and admins. No certificate covers it again in this round."""
    found, _ = dataset_for(caller(request), dataset)
    putting_back.put_back_one(dialogue=dialogue_of(found, external_id), by=caller(request))
    return Response(status=204)


def _shown(dataset: Dataset, number: int) -> Listed:
    return next(one for one in listing.listed(dataset) if one.certificate.number == number)
