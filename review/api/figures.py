"""Figures over the API, and reports of them that are reckoned at once or by a worker."""

from collections.abc import Callable, Sequence
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from review.api.authentication import admitted
from review.publishing import SafelySent
from review.reports import Known, OnDecisions

CURRENT, STORED, MISSING = "current", "stored", "missing"


class FigureSerializer(serializers.Serializer[Any]):
    """A figure with its 95% interval; `words` say why there is none."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(help_text="Observations.")
    dialogues = serializers.IntegerField()
    words = serializers.CharField()


class KnownSerializer(serializers.Serializer[Any]):
    """What is known of a report; its parts are null while it is `missing`."""

    state = serializers.ChoiceField(
        choices=[CURRENT, STORED, MISSING],
        help_text="`current`: reckoned now. `stored`: as of `computed`, with `newer` decisions "
        "since. `missing`: so many decisions that a worker must reckon them first.",
    )
    awaited = serializers.BooleanField(help_text="Whether a worker is asked to reckon it.")
    computed = serializers.DateTimeField(allow_null=True)
    newer = serializers.IntegerField()


def known_shape(known: Known, parts: Sequence[str]) -> dict[str, Any]:
    """A report as its serializer takes it, with the names of its parts."""
    if known.data is None:
        nothing = {"computed": None, "newer": 0, **dict.fromkeys(parts)}
        return {"state": MISSING, "awaited": known.awaited, **nothing}
    return {
        **known.data,
        "state": CURRENT if known.live else STORED,
        "awaited": known.awaited,
        "computed": known.computed,
        "newer": known.newer,
    }


def known_answer(
    request: Request,
    slug: str,
    reports: OnDecisions,
    compute: SafelySent,
    serialized: Callable[[Known], Any],
) -> Response:
    """What is known of a dataset, for those whom its report lets see it; a POST asks that `compute`
    reckons it anew."""
    dataset, user = admitted(request, slug, reports.check)
    anew = request.method == "POST"
    if anew:
        reports.ask(dataset=dataset, by=user)
        compute.delay_on_commit(dataset.pk)
    return Response(serialized(reports.known(dataset)), status=202 if anew else 200)
