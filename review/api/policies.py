"""The review policy by the API: admins change it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view, parser_classes
from rest_framework.request import Request
from rest_framework.response import Response

from review import policy
from review.api.authentication import administered, caller
from review.api.parsing import BoundedJSONParser, dry_run, is_dry_run
from review.api.policy_shapes import PolicyChangedSerializer, PolicySerializer
from review.api.views import DATASET, NOT_ALLOWED, UNKNOWN, problem
from review.errors import Invalid
from review.models import Dataset, PolicyChange
from review.tasks import follow_policy

DRY_RUN = dry_run("nothing is saved: only said what would happen.")


@extend_schema(
    operation_id="change_policy",
    summary="Change the review policy",
    parameters=[DATASET, DRY_RUN],
    request=PolicySerializer,
    responses={
        200: PolicyChangedSerializer,
        (400, "application/problem+json"): problem(
            "Fields that cannot be taken, each with a sentence, such as `arms.blind` or "
            "`reject_reasons.2.label`. Nothing was changed."
        ),
        **NOT_ALLOWED,
        **UNKNOWN,
    },
)
@api_view(["PATCH"])
@parser_classes([BoundedJSONParser])
def change_policy(request: Request, dataset: str) -> Response:
    """Fields that you do not name stay. What is open follows the change, what is decided stays."""
    found, _ = administered(request, dataset)
    if not isinstance(request.data, dict):
        raise Invalid("Send an object with the fields to change.")
    wanted = policy.checked(found, request.data)
    consequences = policy.consequences(found, wanted)
    changed = None
    if not is_dry_run(request):
        changed = _save(found, wanted, request)
    shape = {
        "policy": policy.values(found),
        "changed": {} if changed is None else _steps(changed),
        "consequences": consequences,
    }
    return Response(PolicyChangedSerializer(shape).data)


def _save(dataset: Dataset, wanted: dict[str, Any], request: Request) -> PolicyChange | None:
    changed = policy.save(dataset=dataset, changes=wanted, by=caller(request))
    if changed is not None and changed.applied is None:
        follow_policy.delay_on_commit(dataset.pk)
    dataset.refresh_from_db()
    return changed


def _steps(changed: PolicyChange) -> dict[str, dict[str, Any]]:
    return {name: {"before": old, "after": new} for name, old, new in changed.steps()}
