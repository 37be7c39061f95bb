"""Releases over the API: which there are, what each holds, and its card."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from review.api.authentication import caller
from review.api.views import DATASET, UNKNOWN
from review.exporting import described
from review.models import Release
from review.pages.releases import card_file, release_of
from review.permissions import dataset_for

RELEASE = OpenApiParameter("release", int, OpenApiParameter.PATH, description="Its number, from 1.")


class ReleaseSerializer(serializers.ModelSerializer[Release]):
    release = serializers.IntegerField(source="number")
    made = serializers.DateTimeField(source="created")

    class Meta:
        model = Release
        fields = ["release", "format", "dialogues", "sha256", "made"]


@extend_schema(
    operation_id="list_releases",
    summary="Releases of a dataset",
    parameters=[DATASET],
    responses={200: ReleaseSerializer(many=True), **UNKNOWN},
)
@api_view(["GET"])
def releases(request: Request, dataset: str) -> Response:
    """The newest first."""
    found, _ = dataset_for(caller(request), dataset)
    return Response(ReleaseSerializer(found.releases.all(), many=True).data)


@extend_schema(
    operation_id="read_release",
    summary="The manifest of a release",
    parameters=[DATASET, RELEASE],
    responses={200: OpenApiTypes.OBJECT, **UNKNOWN},
)
@api_view(["GET"])
def release_detail(request: Request, dataset: str, release: int) -> Response:
    """What it holds, its checksum, how it was made, and how far its people and judges may be
    trusted, with 95% intervals."""
    return Response(described(_release(request, dataset, release)))


@extend_schema(
    operation_id="download_card",
    summary="The card of a release",
    parameters=[DATASET, RELEASE],
    responses={
        (200, "text/markdown"): OpenApiResponse(OpenApiTypes.STR, "`README.md`, in Markdown."),
        **UNKNOWN,
    },
)
@api_view(["GET"])
def card(request: Request, dataset: str, release: int) -> HttpResponse:
    """The manifest in words, in the manner of the Hugging Face Hub's dataset cards."""
    return card_file(_release(request, dataset, release))


def _release(request: Request, slug: str, number: int) -> Release:
    dataset, _ = dataset_for(caller(request), slug)
    return release_of(dataset, number)
