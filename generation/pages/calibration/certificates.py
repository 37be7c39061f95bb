"""Testing for a certificate, withdrawing one, and having people decide on what it approved. For
admins alone."""

from functools import partial

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from generation.pages.calibration.forms import NewCertificate
from generation.pages.previews import previewed
from review.calibration.certifying import certificates, putting_back
from review.calibration.certifying.certificates import Preview
from review.calibration.certifying.tasks import tend_certificates
from review.models import Certificate, Dataset, Membership
from review.pages.people import SignedIn, administered, told, varying


@require_http_methods(["GET", "HEAD", "POST"])
def new_certificate(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    if request.method != "POST":
        form = NewCertificate()
        usual = certificates.preview(
            dataset=dataset, share=certificates.SHARE, confidence=certificates.CONFIDENCE
        )
        return _page(request, dataset, membership, form, preview=usual)
    form = NewCertificate(request.POST)
    made = form.carry_out(
        lambda: certificates.test(dataset=dataset, by=request.user, **form.cleaned_data)
    )
    if made is None:
        preview = _preview(dataset, form)
        return _page(request, dataset, membership, form, preview=preview, status=422)
    tend_certificates.delay_on_commit(dataset.pk)
    _tell(request, made)
    return redirect("calibration", slug=slug)


def _tell(request: SignedIn, made: Certificate) -> None:
    if made.threshold is None:
        messages.warning(request, f"Test {made.number} certifies nothing: no score passed.")
    else:
        words = certificates.in_words(made)
        messages.success(request, f"Certificate {made.number} is in force. {words}")


@require_POST
def preview_certificate(request: SignedIn, slug: str) -> HttpResponse:
    """What the test would use up, nothing of how it would come out."""
    dataset, membership = administered(request, slug)
    form = NewCertificate(request.POST)
    preview = _preview(dataset, form)
    return previewed(request, form, preview, partial(_page, request, dataset, membership, form))


def _preview(dataset: Dataset, form: NewCertificate) -> Preview | None:
    return form.carry_out(lambda: certificates.preview(dataset=dataset, **form.cleaned_data))


@require_POST
def withdraw_certificate(request: SignedIn, slug: str, number: int) -> HttpResponse:
    dataset, _ = administered(request, slug)
    with told(request):
        certificates.withdraw(
            certificate=certificates.certificate_of(dataset, number), by=request.user
        )
        tend_certificates.delay_on_commit(dataset.pk)
        messages.success(request, f"Certificate {number} is withdrawn.")
    return redirect("calibration", slug=slug)


@require_POST
def put_back_certified(request: SignedIn, slug: str, number: int) -> HttpResponse:
    dataset, _ = administered(request, slug)
    with told(request):
        count = putting_back.ask(
            certificate=certificates.certificate_of(dataset, number), by=request.user
        )
        tend_certificates.delay_on_commit(dataset.pk)
        noun = "dialogue goes" if count == 1 else "dialogues go"
        messages.success(request, f"{count:,} {noun} back to people.")
    return redirect("calibration", slug=slug)


def _page(
    request: SignedIn,
    dataset: Dataset,
    membership: Membership,
    form: NewCertificate,
    *,
    preview: Preview | None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "dataset": dataset,
        "membership": membership,
        "form": form,
        "preview": preview,
        "in_force": certificates.in_force(dataset),
    }
    return varying(render(request, "generation/new_certificate.html", context, status=status))
