"""Operations of the API on retrievers: for admins of the dataset alone."""

from dataclasses import replace
from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from generation.api.serializers import KeepableText
from generation.models import ConfiguredRetriever, RetrieverKind
from generation.retrievers import setting_up
from generation.retrievers.setting_up import Wanted
from generation.retrievers.standing import RetrieverStanding, standing_of, standings
from generation.vectors.tasks import fill_vectors
from review.api.authentication import administered
from review.api.parsing import BoundedJSONParser
from review.api.views import DATASET, NOT_ALLOWED, UNKNOWN, problem
from review.models import Dataset
from review.publishing import publish

NAME = OpenApiParameter("name", str, OpenApiParameter.PATH, description="The retriever's name.")
REFUSED = {(400, "application/problem+json"): problem("A field is wrong; it is named.")}
TAKEN = {(409, "application/problem+json"): problem("The name is taken, or others need it.")}


class RetrieverChangeSerializer(serializers.Serializer[Any]):
    """What its kind needs; checked where it is saved."""

    settings = serializers.DictField(required=False, help_text="By name, as the help page says.")
    endpoint = KeepableText(required=False, help_text="Kind endpoint: the endpoint's name.")
    members = serializers.ListField(
        child=KeepableText(), required=False, help_text="Kind fusion: two retrievers or more."
    )


class RetrieverInputSerializer(RetrieverChangeSerializer):
    name = KeepableText(help_text="Lower-case letters, digits and hyphens.")
    kind = serializers.ChoiceField(choices=RetrieverKind.choices)


class MissingImagesSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField()
    images = serializers.IntegerField()


class RetrieverSerializer(serializers.Serializer[Any]):
    """A retriever and how it stands. `waits_for` is empty where it can search now; `found` counts
    the images of the corpus that it can find (null: not known yet), `missing` says why not the
    others; `outdated` counts approved dialogues whose check is to be renewed."""

    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=RetrieverKind.choices)
    version = serializers.CharField()
    primary = serializers.BooleanField()
    settings = serializers.DictField()
    endpoint = serializers.CharField(allow_null=True)
    members = serializers.ListField(child=serializers.CharField())
    waits_for = serializers.CharField()
    images = serializers.IntegerField()
    found = serializers.IntegerField(allow_null=True)
    missing = MissingImagesSerializer(many=True)
    outdated = serializers.IntegerField(allow_null=True)


class Retrievers(APIView):
    parser_classes = [BoundedJSONParser]

    @extend_schema(
        operation_id="list_retrievers",
        summary="The retrievers of a dataset",
        parameters=[DATASET],
        responses={200: RetrieverSerializer(many=True), **NOT_ALLOWED, **UNKNOWN},
    )
    def get(self, request: Request, dataset: str) -> Response:
        """Its primary first, each with what it can find and what it waits for."""
        found, _ = administered(request, dataset)
        rows = [_as_sent(one) for one in standings(found)]
        return Response(RetrieverSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="add_retriever",
        summary="Add a retriever",
        parameters=[DATASET],
        request=RetrieverInputSerializer,
        responses={201: RetrieverSerializer, **REFUSED, **TAKEN, **NOT_ALLOWED, **UNKNOWN},
    )
    def post(self, request: Request, dataset: str) -> Response:
        """Its vectors, if it has any, are computed in the background."""
        found, user = administered(request, dataset)
        sent = RetrieverInputSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        values = dict(sent.validated_data)
        name, kind = values.pop("name"), values.pop("kind")
        made = setting_up.add_retriever(
            dataset=found, name=name, kind=kind, wanted=Wanted(**values), by=user
        )
        publish(fill_vectors, made.pk)
        return _retriever(found, made, status=201)


class OneRetriever(APIView):
    parser_classes = [BoundedJSONParser]

    @extend_schema(
        operation_id="read_retriever",
        summary="A retriever",
        parameters=[DATASET, NAME],
        responses={200: RetrieverSerializer, **NOT_ALLOWED, **UNKNOWN},
    )
    def get(self, request: Request, dataset: str, name: str) -> Response:
        """How it is set up, and how it stands."""
        found, _ = administered(request, dataset)
        return _retriever(found, setting_up.retriever_of(found, name))

    @extend_schema(
        operation_id="change_retriever",
        summary="Change a retriever",
        parameters=[DATASET, NAME],
        request=RetrieverChangeSerializer,
        responses={200: RetrieverSerializer, **REFUSED, **NOT_ALLOWED, **UNKNOWN},
    )
    def patch(self, request: Request, dataset: str, name: str) -> Response:
        """What is left out stays. `settings` take the place of all settings."""
        found, user = administered(request, dataset)
        row = setting_up.retriever_of(found, name)
        sent = RetrieverChangeSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        wanted = replace(Wanted.of(row), **sent.validated_data)
        setting_up.change_retriever(retriever=row, wanted=wanted, by=user)
        publish(fill_vectors, row.pk)
        return _retriever(found, row)

    @extend_schema(
        operation_id="retire_retriever",
        summary="Retire a retriever",
        parameters=[DATASET, NAME],
        responses={
            204: OpenApiResponse(description="Nothing is searched with it any more."),
            **TAKEN,
            **NOT_ALLOWED,
            **UNKNOWN,
        },
    )
    def delete(self, request: Request, dataset: str, name: str) -> Response:
        """What it found stays in the record."""
        found, user = administered(request, dataset)
        setting_up.retire_retriever(retriever=setting_up.retriever_of(found, name), by=user)
        return Response(status=204)


@extend_schema(
    operation_id="make_primary",
    summary="Make a retriever the primary",
    parameters=[DATASET, NAME],
    request=None,
    responses={200: RetrieverSerializer, **TAKEN, **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["POST"])
def make_primary(request: Request, dataset: str, name: str) -> Response:
    """Its ranks decide outcomes from now on; a check run renews those decided before."""
    found, user = administered(request, dataset)
    row = setting_up.retriever_of(found, name)
    setting_up.make_primary(retriever=row, by=user)
    return _retriever(found, row)


def _retriever(dataset: Dataset, row: ConfiguredRetriever, **options: Any) -> Response:
    return Response(RetrieverSerializer(_as_sent(standing_of(dataset, row))).data, **options)


def _as_sent(one: RetrieverStanding) -> dict[str, Any]:
    row = one.row
    return {
        **{name: getattr(row, name) for name in ("name", "kind", "primary", "settings")},
        **{name: getattr(one, name) for name in ("version", "members", "waits_for", "images")},
        "endpoint": row.endpoint.name if row.endpoint else None,
        "found": one.found,
        "missing": [{"reason": reason, "images": count} for reason, count in one.missing],
        "outdated": one.outdated,
    }
