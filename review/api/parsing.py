"""What requests carry: bodies of JSON, within bounds, and the wish that nothing be done yet."""

from collections.abc import Mapping
from typing import IO, Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request

from review.api.problems import TooLarge


class BoundedJSONParser(JSONParser):
    """JSON of at most `most_bytes`; the framework's own would read any amount."""

    most_bytes = 256 * 1024

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        length = int((parser_context or {})["request"].META.get("CONTENT_LENGTH") or 0)
        if length > self.most_bytes:
            raise TooLarge(f"The body has {length:,} bytes, the most is {self.most_bytes:,}.")
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError("JSON parse error - nested too deeply.") from error


def dry_run(description: str) -> OpenApiParameter:
    """As the schema names it, of an operation that can also say what it would do."""
    return OpenApiParameter("dry_run", bool, description=f"With `true` {description}")


def is_dry_run(request: Request) -> bool:
    return request.query_params.get("dry_run") == "true"
