"""Importing from the browser: upload, a dry run with its findings, the import, and its report.

The form works without JavaScript; with it, the file goes in pieces through the API first, and the
form then names the upload instead of carrying the file.
"""

from typing import Any

from django import forms
from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe

from review import uploads
from review.errors import Invalid, ReviewError
from review.importing import starting
from review.importing.following import Following, import_of, rejected_records
from review.importing.formats import FORMATS
from review.importing.recognising import AUTO
from review.liveness import worker_alive
from review.models import Dataset, Image, Import, Membership, Upload
from review.pages.people import SignedIn, administered, varying, wants_fragment
from review.pages.reading import ChatTurn, Picture, stretches
from review.receiving import BesideUploads
from review.tasks import run_import

IMPORTS_SHOWN = 20
QUEUE = "default"
# What a form with a file has besides the file.
FORM_BYTES = 64 * 1024
EXISTING = {
    "keep": "updated unless somebody decided",
    "append": "kept, new candidates added",
    "replace": "replaced, decided or not",
}


class NewImport(forms.Form):
    upload = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=1)
    file = forms.FileField(
        required=False,
        label="File",
        error_messages={"empty": "The file is empty. Choose another one."},
    )
    format = forms.ChoiceField(
        choices=[
            (AUTO, "Recognise it"),
            *((name, format.title) for name, format in FORMATS.items()),
        ],
        initial=AUTO,
        error_messages={"invalid_choice": "Choose one of the formats in the list."},
    )
    existing = forms.ChoiceField(
        choices=list(EXISTING.items()),
        initial="keep",
        label="Dialogues that are there already are",
        error_messages={"invalid_choice": "Choose what to do with dialogues that are there."},
    )
    fetch_urls = forms.BooleanField(
        required=False,
        label="Fetch images by their URL",
        help_text="Only from public addresses, and only where the source has no file.",
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not (values.get("upload") or values.get("file") or self.errors):
            self.add_error("file", "Choose a file: a zip, or a JSONL or JSON file.")
        return values

    def options_fields(self) -> list[forms.BoundField]:
        """What the page draws below the file."""
        allowed = ["fetch_urls"] if settings.FETCH_URLS else []
        return [self[name] for name in ("format", "existing", *allowed)]

    def options(self) -> dict[str, Any]:
        """What `start_import` takes."""
        existing = self.cleaned_data["existing"]
        return {
            "format": self.cleaned_data["format"],
            "replace": existing == "replace",
            "append_candidates": existing == "append",
            "fetch_urls": self.cleaned_data["fetch_urls"],
        }


@require_safe
def imports(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    part = "#history" if wants_fragment(request) else ""
    return _imports_page(request, dataset, membership, part=part)


# The body is read by the inner view: who may not import need not send 5 GB to hear of it.
@csrf_exempt
@require_POST
def start_import(request: SignedIn, slug: str) -> HttpResponse:
    """Takes the file, or the upload that brought it, and begins its dry run."""
    dataset, membership = administered(request, slug)
    _check_length(request)
    request.upload_handlers = [BesideUploads(request)]
    return _take(request, dataset, membership)


@csrf_protect
def _take(request: SignedIn, dataset: Dataset, membership: Membership) -> HttpResponse:
    form = NewImport(request.POST, request.FILES)
    if not form.is_valid():
        return _imports_page(request, dataset, membership, form=form, status=422)
    try:
        upload = _uploaded(form, dataset, request)
        made = starting.start_import(
            dataset=dataset, upload=upload, by=request.user, dry_run=True, **form.options()
        )
    except ReviewError as error:
        form.add_error(error.field if error.field in form.fields else "file", str(error))
        return _imports_page(request, dataset, membership, form=form, status=422)
    run_import.delay_on_commit(made.pk)
    return redirect("import", slug=dataset.slug, pk=made.pk)


@require_POST
def confirm_import(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    """After a dry run: the same for good."""
    dataset, _ = administered(request, slug)
    made = starting.start_for_good(checked=import_of(dataset, pk), by=request.user)
    run_import.delay_on_commit(made.pk)
    return redirect("import", slug=slug, pk=made.pk)


# Named `import` in addresses; the word is taken in Python.
@require_safe
def import_page(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    dataset, membership = administered(request, slug)
    view = Following(import_of(dataset, pk))
    context = {
        "dataset": dataset,
        "membership": membership,
        "view": view,
        "row": view.row,
        "samples": [] if view.is_live() else _samples(dataset, view),
        "existing": _existing_in_words(view.row),
        "worker_alive": worker_alive(QUEUE) if view.is_live() else True,
    }
    part = "#live" if wants_fragment(request) else ""
    return varying(render(request, f"review/import.html{part}", context))


@require_safe
def import_rejected(request: SignedIn, slug: str, pk: int) -> FileResponse:
    """The rejected records as JSONL, to be mended and imported again."""
    dataset, _ = administered(request, slug)
    file, name = rejected_records(import_of(dataset, pk))
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/jsonl")


def _uploaded(form: NewImport, dataset: Dataset, request: SignedIn) -> Upload:
    if form.cleaned_data["upload"]:
        return uploads.upload_of(dataset, form.cleaned_data["upload"])
    return uploads.store(dataset=dataset, file=form.cleaned_data["file"], by=request.user)


def _check_length(request: HttpRequest) -> None:
    """Refuses a body that is too long before it is read."""
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if length > settings.UPLOAD_MOST_GB * 2**30 + FORM_BYTES:
        raise Invalid(
            f"The file is larger than {settings.UPLOAD_MOST_GB} GB, which is the most. "
            "Split it, or import it on the server."
        )


def _imports_page(
    request: SignedIn,
    dataset: Dataset,
    membership: Membership,
    *,
    form: NewImport | None = None,
    part: str = "",
    status: int = 200,
) -> HttpResponse:
    before = _key(request.GET.get("before", ""))
    rows = dataset.imports.select_related("by", "upload")
    found = list((rows.filter(pk__lt=before) if before else rows)[: IMPORTS_SHOWN + 1])
    views = [Following(row) for row in found[:IMPORTS_SHOWN]]
    context = {
        "dataset": dataset,
        "membership": membership,
        "form": form or NewImport(),
        "views": views,
        "older": found[IMPORTS_SHOWN - 1].pk if len(found) > IMPORTS_SHOWN else None,
        "first_page": before is None,
        "any_live": any(view.is_live() for view in views),
        "worker_alive": worker_alive(QUEUE),
        "piece_bytes": uploads.PIECE_BYTES,
        "most_gb": settings.UPLOAD_MOST_GB,
    }
    return varying(render(request, f"review/imports.html{part}", context, status=status))


def _key(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _existing_in_words(row: Import) -> str:
    if row.options.get("replace"):
        return EXISTING["replace"]
    return EXISTING["append" if row.options.get("append_candidates") else "keep"]


def _samples(dataset: Dataset, view: Following) -> list[dict[str, Any]]:
    """The first dialogues of a dry run as the chat partial draws them."""
    names = {name for sample in view.samples for name in _images_of(sample)}
    there = Image.objects.current().filter(dataset=dataset, external_id__in=names)
    images = {image.external_id: image for image in there}
    return [_sample(sample, dataset, images) for sample in view.samples]


def _images_of(sample: dict[str, Any]) -> list[str]:
    shown = [name for turn in sample["turns"] for name in turn.get("images", [])]
    return [*shown, *sample.get("target_images", [])]


def _sample(sample: dict[str, Any], dataset: Dataset, there: dict[str, Image]) -> dict[str, Any]:
    def pictures(names: list[str]) -> list[Picture]:
        return [Picture(name, there.get(name) or _to_come(dataset, name)) for name in names]

    last = len(sample["turns"]) - 1
    return {
        "id": sample.get("id", ""),
        "turns": [
            ChatTurn(
                turn["role"],
                stretches(turn["text"], []),
                pictures(turn.get("images", [])),
                index == last,
            )
            for index, turn in enumerate(sample["turns"])
        ],
        "targets": pictures(sample.get("target_images", [])),
        "candidates": sample.get("candidates", []),
    }


def _to_come(dataset: Dataset, name: str) -> Image:
    """An image that the dry run did not write: never saved, only drawn."""
    return Image(dataset=dataset, external_id=name, refused=f"“{name}” comes with the import")
