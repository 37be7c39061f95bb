"""Operations of the API on imports: begin one, follow it, read what was rejected."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.decorators import api_view
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from review import uploads
from review.api.authentication import administered
from review.api.parsing import BoundedJSONParser
from review.api.problems import TooLarge
from review.api.serializers import StrictInteger
from review.api.views import DATASET, NOT_ALLOWED, UNKNOWN, problem
from review.errors import Invalid
from review.importing.following import Following, import_of, rejected_records
from review.importing.recognising import AUTO, CHOICES
from review.importing.starting import start_import
from review.models import Dataset, Import, Upload, User
from review.models.transfers import ImportStatus
from review.receiving import BesideUploads
from review.tasks import run_import

IMPORT = OpenApiParameter("import_id", int, OpenApiParameter.PATH, description="The import's id.")
# What a form has besides its file.
FORM_BYTES = 64 * 1024


class BoundedMultiPartParser(MultiPartParser):
    """A form with a file that may be uploaded; it lies on the disk, not in memory."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        request = (parser_context or {})["request"]
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if length > settings.UPLOAD_MOST_GB * 2**30 + FORM_BYTES:
            raise TooLarge(f"The most is {settings.UPLOAD_MOST_GB} GB. Split the source.")
        request.upload_handlers = [BesideUploads(request)]
        return super().parse(stream, media_type, parser_context)


class NewImportSerializer(serializers.Serializer[Any]):
    upload = StrictInteger(
        required=False, min_value=1, max_value=2**63 - 1, help_text="A finished upload."
    )
    format = serializers.ChoiceField(choices=CHOICES, default=AUTO)
    dry_run = serializers.BooleanField(default=False, help_text="Check all, write nothing.")
    replace = serializers.BooleanField(
        default=False, help_text="Also dialogues on which somebody has decided."
    )
    append_candidates = serializers.BooleanField(
        default=False, help_text="Change nothing that is there but add candidates."
    )
    fetch_urls = serializers.BooleanField(
        default=False, help_text="Fetch images of which the source has a URL alone."
    )


class NewImportFormSerializer(NewImportSerializer):
    """The same as a form, with the file itself."""

    upload = None  # type: ignore[assignment]  # takes the field away
    file = serializers.FileField(help_text="The source: a zip, or a JSONL or JSON file.")


class DialogueCountsSerializer(serializers.Serializer[Any]):
    created = serializers.IntegerField(default=0)
    updated = serializers.IntegerField(default=0)
    unchanged = serializers.IntegerField(default=0)
    rejected = serializers.IntegerField(default=0)


class ImageCountsSerializer(serializers.Serializer[Any]):
    created = serializers.IntegerField(default=0)
    rejected = serializers.IntegerField(default=0)
    missing = serializers.IntegerField(default=0, help_text="Files that are not there.")


class RejectedSerializer(serializers.Serializer[Any]):
    file = serializers.CharField()
    line = serializers.IntegerField(help_text="0 where no line is to blame.")
    id = serializers.CharField()
    field = serializers.CharField()
    reason = serializers.CharField()
    excerpt = serializers.CharField(default="")


class ImportSerializer(serializers.Serializer[Any]):
    """An import as it stands now."""

    id = serializers.IntegerField(source="row.pk")
    source = serializers.CharField(source="row.source")  # type: ignore[assignment]  # a field
    format = serializers.CharField(help_text="As recognised, once it is.")
    status = serializers.ChoiceField(source="row.status", choices=ImportStatus.choices)
    dry_run = serializers.BooleanField()
    by = serializers.CharField(source="row.by.username", default=None, allow_null=True)
    started = serializers.DateTimeField(source="row.started")
    finished = serializers.DateTimeField(source="row.finished", allow_null=True)
    checksum = serializers.CharField(help_text="SHA-256 of the source.")
    dialogues = DialogueCountsSerializer()
    images = ImageCountsSerializer()
    bytes_read = serializers.IntegerField()
    bytes_total = serializers.IntegerField()
    seconds = serializers.FloatField()
    rate = serializers.FloatField(allow_null=True, help_text="Dialogues a second.")
    seconds_left = serializers.FloatField(allow_null=True, help_text="By the bytes to be read.")
    failure = serializers.CharField(source="row.failure", help_text="Why it could not go on.")
    problems = serializers.IntegerField(help_text="Records and files that did not go in.")
    # Serializers have `errors` of their own.
    first_problems = RejectedSerializer(source="errors", many=True, help_text="At most 50.")


class NewestFirst(CursorPagination):
    ordering = "-pk"
    page_size = 50


class Imports(generics.ListAPIView[Import]):
    """The imports of a dataset, the newest first."""

    queryset = Import.objects.none()
    serializer_class = ImportSerializer
    pagination_class = NewestFirst
    parser_classes = [BoundedJSONParser, BoundedMultiPartParser]

    def get_queryset(self) -> QuerySet[Import]:
        dataset, _ = administered(self.request, self.kwargs["dataset"])
        return dataset.imports.select_related("by", "upload")

    @extend_schema(
        operation_id="list_imports",
        summary="The imports of a dataset",
        parameters=[DATASET],
        responses={200: ImportSerializer(many=True), **NOT_ALLOWED, **UNKNOWN},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """With who, when, from which source, and what became of it; newest first."""
        rows = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(
            ImportSerializer([Following(row) for row in rows], many=True).data
        )

    @extend_schema(
        operation_id="start_import",
        summary="Import a source",
        parameters=[DATASET],
        request={
            "application/json": NewImportSerializer,
            "multipart/form-data": NewImportFormSerializer,
        },
        responses={
            201: ImportSerializer,
            (400, "application/problem+json"): problem("No source, or an option is wrong."),
            (409, "application/problem+json"): problem("The upload is not finished, or gone."),
            (413, "application/problem+json"): problem("The file is too large."),
            **NOT_ALLOWED,
            **UNKNOWN,
        },
    )
    def post(self, request: Request, dataset: str) -> Response:
        """A finished upload by its id, or a file in a form. A worker does it: read on its state."""
        found, user = administered(request, dataset)
        sent = NewImportSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        options = dict(sent.validated_data)
        upload = _source(request, found, user, options.pop("upload", None))
        made = start_import(dataset=found, upload=upload, by=user, **options)
        run_import.delay_on_commit(made.pk)
        return Response(ImportSerializer(Following(made)).data, status=201)


def _source(request: Request, dataset: Dataset, user: User, upload: int | None) -> Upload:
    file = request.FILES.get("file")
    if (upload is None) == (file is None):
        raise Invalid("Send a file in a form, or name an upload: one of both.", field="upload")
    if file is not None:
        return uploads.store(dataset=dataset, file=file, by=user)
    return uploads.upload_of(dataset, upload or 0)


@extend_schema(
    operation_id="read_import",
    summary="How far an import is",
    parameters=[DATASET, IMPORT],
    responses={200: ImportSerializer, **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["GET"])
def import_detail(request: Request, dataset: str, import_id: int) -> Response:
    """Its state, counts, rate and time left; once it has ended, its report."""
    found, _ = administered(request, dataset)
    return Response(ImportSerializer(Following(import_of(found, import_id))).data)


@extend_schema(
    operation_id="read_rejected",
    summary="The rejected records",
    parameters=[DATASET, IMPORT],
    responses={(200, "application/jsonl"): OpenApiTypes.BINARY, **NOT_ALLOWED, **UNKNOWN},
)
@api_view(["GET"])
def rejected(request: Request, dataset: str, import_id: int) -> FileResponse:
    """JSONL, one rejected record per line with what is wrong: mend them and import that file."""
    found, _ = administered(request, dataset)
    row = import_of(found, import_id)
    file, name = rejected_records(row)
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/jsonl")
