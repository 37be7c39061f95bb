"""Pictures of a corpus, for its members alone."""

from typing import get_args

from django.core.files.storage import default_storage
from django.http import FileResponse
from django.views.decorators.http import require_safe

from review.errors import Missing
from review.models import Image
from review.pages.people import SignedIn
from review.permissions import dataset_for
from review.pictures import RENDITION_TYPE, Size, rendition

# An image's row never gets another file, so that a browser may keep what it has.
FOREVER = "private, max-age=31536000, immutable"


@require_safe
def image(request: SignedIn, slug: str, pk: int, size: str) -> FileResponse:
    dataset, _ = dataset_for(request.user, slug)
    found = Image.objects.filter(dataset=dataset, pk=pk).first()
    if found is None or size not in get_args(Size):
        raise Missing("There is no such picture in this dataset.")
    name = rendition(found, size)  # type: ignore[arg-type]
    response = FileResponse(default_storage.open(name), content_type=RENDITION_TYPE)
    response["Cache-Control"] = FOREVER
    response["X-Content-Type-Options"] = "nosniff"
    return response
