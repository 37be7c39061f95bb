"""Operations of the API on endpoints, prompts and the rubric: for admins of the dataset alone."""

from dataclasses import replace
from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.decorators import api_view, parser_classes
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from generation import connecting, prompts, standing
from generation import endpoints as known_endpoints
from generation.api.serializers import (
    EndpointChangeSerializer,
    EndpointInputSerializer,
    EndpointSerializer,
    PromptInputSerializer,
    PromptSerializer,
    RubricInputSerializer,
    RubricSerializer,
    TriedSerializer,
    TryInputSerializer,
    standing_as_sent,
)
from generation.calls.trying import try_endpoint
from generation.connections import Connection
from generation.models import Endpoint, PromptKind
from review import rubrics
from review.api.authentication import administered
from review.api.parsing import BoundedJSONParser
from review.api.views import DATASET, NOT_ALLOWED, UNKNOWN, problem
from review.errors import Missing
from review.models import Dataset
from review.tasks import rescore

NAME = OpenApiParameter("name", str, OpenApiParameter.PATH, description="The endpoint's name.")
KIND = OpenApiParameter(
    "kind",
    str,
    OpenApiParameter.PATH,
    description="rewrite, judge or compare.",
    enum=["rewrite", "judge", "compare"],
)
REFUSED = {(400, "application/problem+json"): problem("A field is wrong; it is named.")}
TAKEN = {(409, "application/problem+json"): problem("The name is taken, or runs are at work.")}


class Endpoints(APIView):
    parser_classes = [BoundedJSONParser]

    @extend_schema(
        operation_id="list_endpoints",
        summary="The endpoints of a dataset",
        parameters=[DATASET],
        responses={200: EndpointSerializer(many=True), **NOT_ALLOWED, **UNKNOWN},
    )
    def get(self, request: Request, dataset: str) -> Response:
        """Its own, then those of the whole site, with the price in force and calls of late."""
        found, _ = administered(request, dataset)
        rows = [standing_as_sent(one, one.endpoint) for one in standing.standings(found)]
        return Response(EndpointSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="connect_endpoint",
        summary="Connect a model",
        parameters=[DATASET],
        request=EndpointInputSerializer,
        responses={201: EndpointSerializer, **REFUSED, **TAKEN, **NOT_ALLOWED, **UNKNOWN},
    )
    def post(self, request: Request, dataset: str) -> Response:
        """A model at an OpenAI-compatible server, for this dataset."""
        found, user = administered(request, dataset)
        sent = EndpointInputSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        made = connecting.save_endpoint(
            dataset=found,
            by=user,
            connection=Connection(**sent.values()),
            prices=sent.prices_sent(),
        )
        return _endpoint(found, made, status=201)


class OneEndpoint(APIView):
    parser_classes = [BoundedJSONParser]

    @extend_schema(
        operation_id="read_endpoint",
        summary="An endpoint",
        parameters=[DATASET, NAME],
        responses={200: EndpointSerializer, **NOT_ALLOWED, **UNKNOWN},
    )
    def get(self, request: Request, dataset: str, name: str) -> Response:
        """One of its own, or of the whole site."""
        found, _ = administered(request, dataset)
        return _endpoint(found, connecting.endpoint_seen(found, name))

    @extend_schema(
        operation_id="change_endpoint",
        summary="Change an endpoint",
        parameters=[DATASET, NAME],
        request=EndpointChangeSerializer,
        responses={200: EndpointSerializer, **REFUSED, **TAKEN, **NOT_ALLOWED, **UNKNOWN},
    )
    def patch(self, request: Request, dataset: str, name: str) -> Response:
        """What is left out stays. Prices of calls already made never change."""
        found, user = administered(request, dataset)
        endpoint = connecting.endpoint_of(found, name)
        sent = EndpointChangeSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        saved = connecting.save_endpoint(
            dataset=found,
            by=user,
            endpoint=endpoint,
            connection=replace(Connection.of(endpoint), **sent.values()),
            prices=sent.prices_sent(),
        )
        return _endpoint(found, saved)

    @extend_schema(
        operation_id="retire_endpoint",
        summary="Retire an endpoint",
        parameters=[DATASET, NAME],
        responses={
            204: OpenApiResponse(description="No run uses it any more."),
            **TAKEN,
            **NOT_ALLOWED,
            **UNKNOWN,
        },
    )
    def delete(self, request: Request, dataset: str, name: str) -> Response:
        """What it made and cost stays in the record; one that was never used is deleted."""
        found, user = administered(request, dataset)
        connecting.retire_endpoint(endpoint=connecting.endpoint_of(found, name), by=user)
        return Response(status=204)


@extend_schema(
    operation_id="try_endpoint",
    summary="Try an endpoint",
    parameters=[DATASET, NAME],
    request=TryInputSerializer,
    responses={200: TriedSerializer, **REFUSED, **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["POST"])
@parser_classes([BoundedJSONParser])
def try_it(request: Request, dataset: str, name: str) -> Response:
    """One real call about a short sample, within the endpoint's limits; takes a minute at most."""
    found, user = administered(request, dataset)
    sent = TryInputSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    connecting.endpoint_seen(found, name)
    endpoint = known_endpoints.named(name, found)
    tried = try_endpoint(dataset=found, endpoint=endpoint, by=user, **sent.validated_data)
    parts = {name: getattr(tried, name) for name in ("texts", "dimensions", "problem", "mend")}
    call = {"call": tried.call} if tried.call else {}
    return Response(TriedSerializer({"works": not tried.problem, **parts, **call}).data)


class PromptInUse(APIView):
    parser_classes = [BoundedJSONParser]

    @extend_schema(
        operation_id="read_prompt",
        summary="The prompt in use",
        parameters=[DATASET, KIND],
        responses={200: PromptSerializer, **NOT_ALLOWED, **UNKNOWN},
    )
    def get(self, request: Request, dataset: str, kind: str) -> Response:
        """Its text, version and hash."""
        found, _ = administered(request, dataset)
        return Response(PromptSerializer(prompts.current(_kind(kind), found)).data)

    @extend_schema(
        operation_id="save_prompt",
        summary="Put a new version in use",
        parameters=[DATASET, KIND],
        request=PromptInputSerializer,
        responses={200: PromptSerializer, **REFUSED, **NOT_ALLOWED, **UNKNOWN},
    )
    def put(self, request: Request, dataset: str, kind: str) -> Response:
        """From the next run on; the text in use adds no version."""
        found, user = administered(request, dataset)
        sent = PromptInputSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        saved = prompts.save(dataset=found, kind=_kind(kind), by=user, **sent.validated_data)
        return Response(PromptSerializer(saved).data)


class RubricInForce(APIView):
    parser_classes = [BoundedJSONParser]

    @extend_schema(
        operation_id="read_rubric",
        summary="The rubric in force",
        parameters=[DATASET],
        responses={200: RubricSerializer, **NOT_ALLOWED, **UNKNOWN},
    )
    def get(self, request: Request, dataset: str) -> Response:
        """Its criteria with their levels, weights and pass marks."""
        found, _ = administered(request, dataset)
        return Response(RubricSerializer(rubrics.current(found)).data)

    @extend_schema(
        operation_id="save_rubric",
        summary="Put a new version in force",
        parameters=[DATASET],
        request=RubricInputSerializer,
        responses={200: RubricSerializer, **REFUSED, **NOT_ALLOWED, **UNKNOWN},
    )
    def put(self, request: Request, dataset: str) -> Response:
        """Other weights or marks reckon all scores anew, other words ask all judges again."""
        found, user = administered(request, dataset)
        sent = RubricInputSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        saved = rubrics.save(dataset=found, criteria=sent.given(), by=user)
        if saved.dataset_id is not None and saved.reckoned is None:
            rescore.delay_on_commit(saved.dataset_id)
        return Response(RubricSerializer(saved).data)


def _endpoint(dataset: Dataset, endpoint: Endpoint, **options: Any) -> Response:
    one = standing_as_sent(standing.standing_of(dataset, endpoint), endpoint)
    return Response(EndpointSerializer(one).data, **options)


def _kind(name: str) -> PromptKind:
    if name not in PromptKind.values:
        raise Missing(f"There is no prompt “{name}”. There are: {', '.join(PromptKind.values)}.")
    return PromptKind(name)
