"""Operations of the API on uploads: a large source comes in pieces, and resumes where it broke."""

from collections.abc import Mapping
from typing import IO, Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, parser_classes
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from review import uploads
from review.api.authentication import administered
from review.api.parsing import BoundedJSONParser
from review.api.problems import TooLarge
from review.api.serializers import StrictInteger
from review.api.views import DATASET, NOT_ALLOWED, UNKNOWN, problem
from review.errors import Invalid
from review.models import Upload

UPLOAD = OpenApiParameter("upload", int, OpenApiParameter.PATH, description="The upload's id.")
OFFSET = OpenApiParameter(
    "Upload-Offset",
    int,
    OpenApiParameter.HEADER,
    required=True,
    description="Where in the file the piece begins: the number of bytes `received` so far.",
)
# Read at once from the connection.
BLOCK_BYTES = 256 * 1024


class PieceParser(BaseParser):
    """The bytes of one piece, which fit in memory by their limit."""

    media_type = "application/octet-stream"

    def parse(  # type: ignore[override]  # the stubs know forms and JSON alone
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> bytearray:
        length = int((parser_context or {})["request"].META.get("CONTENT_LENGTH") or 0)
        if length > uploads.PIECE_BYTES:
            raise TooLarge(f"The piece has {length:,} bytes, the most is {uploads.PIECE_BYTES:,}.")
        # Whole, a web server would copy it several times.
        piece = bytearray()
        while block := stream.read(min(BLOCK_BYTES, length - len(piece))):
            piece += block
        if len(piece) < length:
            raise ParseError(f"Of {length:,} bytes {len(piece):,} came: the connection broke.")
        return piece


class NewUploadSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=1000, help_text="The file's name; its end matters.")
    size = StrictInteger(min_value=1, max_value=2**62, help_text="In bytes.")


class UploadSerializer(serializers.ModelSerializer[Upload]):
    finished = serializers.BooleanField(source="is_whole", help_text="All is there and checked.")
    sha256 = serializers.CharField(help_text="Of the whole file, once it is finished.")

    class Meta:
        model = Upload
        fields = ["id", "name", "size", "received", "finished", "sha256"]


@extend_schema(
    operation_id="begin_upload",
    summary="Begin an upload",
    parameters=[DATASET],
    request=NewUploadSerializer,
    responses={
        201: UploadSerializer,
        (400, "application/problem+json"): problem("The file is empty, too large or nameless."),
        **NOT_ALLOWED,
        **UNKNOWN,
    },
)
@api_view(["POST"])
@parser_classes([BoundedJSONParser])
def begin(request: Request, dataset: str) -> Response:
    """Makes room for a source; send its pieces of at most 8 MiB after this."""
    found, user = administered(request, dataset)
    sent = NewUploadSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    upload = uploads.begin(dataset=found, by=user, **sent.validated_data)
    return Response(UploadSerializer(upload).data, status=201)


@extend_schema(
    methods=["GET"],
    operation_id="read_upload",
    summary="How far an upload is",
    description="After a broken connection go on from `received`.",
    parameters=[DATASET, UPLOAD],
    responses={200: UploadSerializer, **NOT_ALLOWED, **UNKNOWN},
)
@extend_schema(
    methods=["PATCH"],
    operation_id="append_to_upload",
    summary="Send the next piece",
    description="Answered once the piece is on the disk. The last one finishes the upload; an "
    "empty one at the end does so again, for when its answer was lost.",
    parameters=[DATASET, UPLOAD, OFFSET],
    request={"application/octet-stream": OpenApiTypes.BINARY},
    responses={
        200: UploadSerializer,
        (400, "application/problem+json"): problem("The piece goes beyond the announced size."),
        (409, "application/problem+json"): problem("Another offset is next: read the upload."),
        (413, "application/problem+json"): problem("The piece is larger than 8 MiB."),
        **NOT_ALLOWED,
        **UNKNOWN,
    },
)
@api_view(["GET", "PATCH"])
@parser_classes([PieceParser])
def upload(request: Request, dataset: str, upload: int) -> Response:
    found, user = administered(request, dataset)
    row = uploads.upload_of(found, upload)
    if request.method == "PATCH":
        offset = _offset(request)
        piece = request.data if isinstance(request.data, bytearray) else bytearray()
        row = uploads.append(upload=row, offset=offset, piece=piece, by=user)
    return Response(UploadSerializer(row).data)


def _offset(request: Request) -> int:
    text = request.headers.get("Upload-Offset", "")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid(
            "Say in the header Upload-Offset, a whole number, where in the file the piece begins.",
            field="Upload-Offset",
        )
    if "Transfer-Encoding" in request.headers:
        raise Invalid("Say in Content-Length how long the piece is.", field="Content-Length")
    return int(text)
