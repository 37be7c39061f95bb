"""The operation of the API on images that fit a dialogue as well as its target."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, parser_classes
from rest_framework.request import Request
from rest_framework.response import Response

from generation import pooling
from review import relevance
from review.api.authentication import caller
from review.api.parsing import BoundedJSONParser
from review.api.views import DATASET, DIALOGUE, NOT_ALLOWED, UNKNOWN, dialogue_of, problem
from review.models import Dialogue
from review.permissions import dataset_for

REFUSED = {(400, "application/problem+json"): problem("What was sent cannot be taken.")}


class SaidSerializer(serializers.Serializer[Any]):
    """What stands on an image, and who said it last."""

    fits = serializers.BooleanField()
    by = serializers.CharField(source="by.username")
    time = serializers.DateTimeField(source="created")


class PooledSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="image.external_id")
    caption = serializers.CharField(source="image.caption")
    best_place = serializers.IntegerField(
        source="best", allow_null=True, help_text="The highest that a retriever gave it."
    )
    looks_like_target = serializers.BooleanField(source="alike")
    said = SaidSerializer(source="word", allow_null=True)


class RelevanceSerializer(serializers.Serializer[Any]):
    target_images = serializers.ListField(child=serializers.CharField())
    fitting = serializers.IntegerField()
    too_broad = serializers.BooleanField(help_text="Ten or more others fit.")
    images = PooledSerializer(many=True, help_text="In the order in which people look at them.")


class Verdict(serializers.BooleanField):
    """`true` or `false`, and nothing that only looks like it."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class JudgeSerializer(serializers.Serializer[Any]):
    images = serializers.DictField(
        child=Verdict(), allow_empty=False, help_text="Whether each image fits, by its id."
    )


@extend_schema(
    methods=["GET"],
    operation_id="read_relevance",
    summary="Images that may fit as well as the target",
    parameters=[DATASET, DIALOGUE],
    responses={200: RelevanceSerializer, **REFUSED, **NOT_ALLOWED, **UNKNOWN},
)
@extend_schema(
    methods=["POST"],
    operation_id="judge_relevance",
    summary="Say which images fit as well as the target",
    parameters=[DATASET, DIALOGUE],
    request=JudgeSerializer,
    responses={200: RelevanceSerializer, **REFUSED, **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["GET", "POST"])
@parser_classes([BoundedJSONParser])
def images_that_fit(request: Request, dataset: str, external_id: str) -> Response:
    """The best images of all retrievers and forms beside the targets, and what was said of them.

    The last word on an image stands; a repeat changes nothing. Open to those who may see how others
    decided on the dialogue.
    """
    found, membership = dataset_for(caller(request), dataset)
    dialogue = dialogue_of(found, external_id)
    relevance.check_can_judge(dialogue, membership)
    if request.method == "POST":
        sent = JudgeSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        fits = sent.validated_data["images"]
        relevance.judge(dialogue=dialogue, fits=fits, by=caller(request))
    return Response(RelevanceSerializer(_shape(dialogue)).data)


def _shape(dialogue: Dialogue) -> dict[str, Any]:
    images = pooling.pool_of(dialogue).images
    fitting = sum(entry.fits for entry in images)
    return {
        "target_images": dialogue.target_images,
        "fitting": fitting,
        "too_broad": fitting >= relevance.BROAD_FROM,
        "images": images,
    }
