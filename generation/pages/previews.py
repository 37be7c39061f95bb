"""Forms that say what would come of them before anybody sends them: those of a run, a benchmark, a
wave and a test for a certificate."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django import forms
from django.http import HttpResponse
from django.shortcuts import render

from review.errors import ReviewError
from review.pages.people import SignedIn, varying, wants_fragment

Done = TypeVar("Done")


class PreviewedForm(forms.Form):
    # The part of a page that shows what would come of it, as `preview`.
    preview_template: ClassVar[str]

    def carry_out(self, act: Callable[[], Done]) -> Done | None:
        """What comes of `act`, which a valid form asks for. None where the form is not valid or
        what it asks for is refused; it then says why."""
        if not self.is_valid():
            return None
        try:
            return act()
        except ReviewError as error:
            self.refuse(error, error.field)
        return None

    def refuse(self, error: Exception, field: str) -> None:
        """Says at its field what was refused."""
        self.add_error(field if field in self.fields else None, str(error))


def previewed(
    request: SignedIn, form: PreviewedForm, preview: Any, page: Callable[..., HttpResponse]
) -> HttpResponse:
    """What would come of a form: for htmx the part of the page alone, with what is wrong at each
    field, else the whole `page`. `preview` is None where the form says what is wrong."""
    status = 422 if preview is None else 200
    if not wants_fragment(request):
        return page(preview=preview, status=status)
    context = {"form": form, "preview": preview}
    return varying(render(request, "generation/_previewed.html", context, status=status))
