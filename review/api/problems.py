"""Refusals as problem JSON (RFC 9457): what is wrong, where, and how to mend it."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from rest_framework.exceptions import APIException, ErrorDetail, NotAuthenticated, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from review.api.serializers import StoredDraftSerializer
from review.api.shapes import stored_draft
from review.errors import InvalidFields, NewerDraft, ReviewError

CONTENT_TYPE = "application/problem+json"
# Where each kind of problem is described, by its name.
ABOUT = "/help/api/"
UNAUTHENTICATED = "Send your token as “Authorization: Bearer TOKEN”."
STATUS_OF_KIND = {
    "invalid": HTTPStatus.BAD_REQUEST,
    "not-allowed": HTTPStatus.FORBIDDEN,
    "missing": HTTPStatus.NOT_FOUND,
    "conflict": HTTPStatus.CONFLICT,
    "too-many": HTTPStatus.TOO_MANY_REQUESTS,
    "place-lost": HTTPStatus.CONFLICT,
    "newer-draft": HTTPStatus.CONFLICT,
    "guidelines-unread": HTTPStatus.CONFLICT,
}


def problem_response(exc: Exception, context: dict[str, Any]) -> Response | None:
    """The exception as a problem; None for what is no refusal but a fault of ours."""
    if isinstance(exc, ReviewError):
        set_rollback()
        status = STATUS_OF_KIND.get(exc.kind, HTTPStatus.BAD_REQUEST)
        return _problem(status, exc.kind, str(exc), list(_at(exc)), **_beside(exc))
    response = exception_handler(exc, context)
    return None if response is None else _translated(exc, response)


def _beside(exc: ReviewError) -> dict[str, Any]:
    """What a problem has beside what all have."""
    if not isinstance(exc, NewerDraft):
        return {}
    return {"draft": StoredDraftSerializer(stored_draft(exc.assignment)).data}


def _translated(exc: Exception, response: Response) -> Response:
    """Django REST framework's own refusal in our shape, with its headers."""
    status = HTTPStatus(response.status_code)
    errors = list(_errors(exc.detail)) if isinstance(exc, ValidationError) else []
    anonymous = isinstance(exc, NotAuthenticated)
    said = UNAUTHENTICATED if anonymous else _sentence(errors, response.data)
    problem = _problem(status, _kind(exc, status), said, errors)
    for name in ("WWW-Authenticate", "Allow", "Retry-After"):
        if name in response.headers:
            problem.headers[name] = response.headers[name]
    return problem


def _kind(exc: Exception, status: HTTPStatus) -> str:
    for kind, of_kind in STATUS_OF_KIND.items():
        if of_kind == status:
            return kind
    return str(getattr(exc, "default_code", "refused")).replace("_", "-")


def _sentence(errors: list[dict[str, str]], data: Any) -> str:
    if errors:
        first = errors[0]
        return f"{first['field']}: {first['detail']}" if first["field"] else first["detail"]
    return str(data.get("detail", "")) if isinstance(data, dict) else ""


def _problem(
    status: HTTPStatus, kind: str, detail: str, errors: list[dict[str, str]], **more: Any
) -> Response:
    body = {
        "type": f"{ABOUT}#{kind}",
        "title": status.phrase,
        "status": int(status),
        "kind": kind,
        "detail": detail,
        "errors": errors,
        **more,
    }
    return Response(body, status=status, content_type=CONTENT_TYPE)


def _at(exc: ReviewError) -> Iterator[dict[str, str]]:
    """The fields that a refusal names."""
    if isinstance(exc, InvalidFields):
        yield from ({"field": name, "detail": said} for name, said in exc.fields.items())
    elif exc.field:
        yield {"field": exc.field, "detail": str(exc)}


def _errors(detail: Any, field: str = "") -> Iterator[dict[str, str]]:
    """Each fault of a `ValidationError` with the field where it is, empty for the whole."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _errors(inner, "" if name == "non_field_errors" else str(name))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _errors(inner, field)
    elif isinstance(detail, ErrorDetail | str):
        yield {"field": field, "detail": str(detail)}


class TooLarge(APIException):
    """A body beyond what any request here needs."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
