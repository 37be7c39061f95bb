"""Beginning a dataset in the browser."""

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from review.errors import ReviewError
from review.founding import LONGEST_SLUG, LONGEST_TITLE, check_can_found, found_dataset
from review.pages.people import SignedIn


class NewDataset(forms.Form):
    title = forms.CharField(
        max_length=LONGEST_TITLE,
        help_text="What people call it.",
        error_messages={"required": "Give it a title, such as Street scenes."},
    )
    slug = forms.CharField(
        required=False,
        max_length=LONGEST_SLUG,
        label="Short name",
        help_text="For addresses and commands, such as street-scenes. Empty: made from the title.",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def new_dataset(request: SignedIn) -> HttpResponse:
    check_can_found(request.user)
    form = NewDataset(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = found_dataset(by=request.user, **form.cleaned_data)
        except ReviewError as error:
            form.add_error(error.field or None, str(error))
        else:
            return redirect("imports", slug=made.slug)
    status = 422 if form.is_bound else 200
    return render(request, "review/new_dataset.html", {"form": form}, status=status)
