"""The page of the rubric: what judges go by, its weights and its versions. For admins alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from generation.prompts import rubric_in_words
from review import rubrics
from review.errors import Invalid, Missing
from review.models import Criterion, Dataset, Membership, Rubric, RubricCriterion
from review.models.rubrics import LEVELS
from review.pages.people import SignedIn, administered
from review.tasks import rescore
from review.wording.changes import changes

VERSIONS_SHOWN = 50
NUMBER = {"required": "Give a number.", "invalid": "Give a number."}


def _words(label: str, rows: int) -> forms.CharField:
    wanted = {"required": "Describe it."}
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, widget=widget, error_messages=wanted)


class RubricForm(forms.Form):
    """Fields named as `rubrics.check` names them: `clarity-question`, `clarity-level-3`, ..."""

    def __init__(self, data: Any = None, *, rubric: Rubric) -> None:
        initial: dict[str, Any] = {}
        for part in rubric.parts:
            initial |= _initial(part)
        super().__init__(data, initial=initial)
        for key in Criterion.values:
            self.fields |= _fields(key)

    def criteria(self) -> list[RubricCriterion]:
        sent = self.cleaned_data
        return [
            RubricCriterion(
                key=key,
                question=sent[f"{key}-question"],
                levels={level: sent[f"{key}-level-{level}"] for level in LEVELS},
                weight=sent[f"{key}-weight"],
                pass_mark=sent[f"{key}-pass-mark"],
            )
            for key in Criterion.values
        ]

    def parts(self) -> list["Part"]:
        return [Part(self, key) for key in Criterion.values]


@dataclass(frozen=True)
class Part:
    """One criterion of the form."""

    form: RubricForm
    key: str

    @property
    def question(self) -> forms.BoundField:
        return self.form[f"{self.key}-question"]

    @property
    def numbers(self) -> list[forms.BoundField]:
        return [self.form[f"{self.key}-weight"], self.form[f"{self.key}-pass-mark"]]

    @property
    def levels(self) -> list[forms.BoundField]:
        return [self.form[f"{self.key}-level-{level}"] for level in LEVELS]


def _initial(part: RubricCriterion) -> dict[str, Any]:
    levels = {f"{part.key}-level-{level}": part.levels[level] for level in LEVELS}
    numbers = {f"{part.key}-weight": f"{part.weight:g}", f"{part.key}-pass-mark": part.pass_mark}
    return {f"{part.key}-question": part.question, **numbers, **levels}


def _fields(key: str) -> dict[str, forms.Field]:
    weight = forms.FloatField(
        label="Weight",
        widget=forms.NumberInput(attrs={"min": 0, "max": 100, "step": "any"}),
        error_messages=NUMBER,
    )
    mark = forms.TypedChoiceField(
        label="Passes from", coerce=int, choices=[(level, level) for level in sorted(LEVELS)]
    )
    levels = {f"{key}-level-{level}": _words(str(level), 1) for level in LEVELS}
    question = _words("What is asked", 2)
    return {f"{key}-question": question, f"{key}-weight": weight, f"{key}-pass-mark": mark} | levels


@require_http_methods(["GET", "HEAD", "POST"])
def rubric(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    now = rubrics.current(dataset)
    if request.method != "POST":
        return _page(request, dataset, membership, RubricForm(rubric=now))
    form = RubricForm(request.POST, rubric=now)
    if form.is_valid():
        try:
            saved = rubrics.save(dataset=dataset, criteria=form.criteria(), by=request.user)
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return _saved(request, slug, now, saved)
    return _page(request, dataset, membership, form, status=422)


@require_POST
def use_shipped(request: SignedIn, slug: str) -> HttpResponse:
    dataset, _ = administered(request, slug)
    now = rubrics.current(dataset)
    saved = rubrics.save(dataset=dataset, criteria=rubrics.shipped().parts, by=request.user)
    return _saved(request, slug, now, saved)


@require_safe
def rubric_version(request: SignedIn, slug: str, version: int) -> HttpResponse:
    """One version, and what it changed in the one before it."""
    dataset, membership = administered(request, slug)
    versions = Rubric.objects.filter(dataset=dataset).select_related("by")
    found = versions.filter(version=version).first()
    if found is None:
        raise Missing(f"There is no version {version} of the rubric. See the list of versions.")
    before = versions.filter(version__lt=version).first() or rubrics.shipped()
    context = {
        "dataset": dataset,
        "membership": membership,
        "version": found,
        "before": before,
        "changes": changes(_in_words(before.parts), _in_words(found.parts)),
        "in_force": rubrics.current(dataset) == found,
    }
    return render(request, "generation/rubric_version.html", context)


def _saved(request: SignedIn, slug: str, before: Rubric, now: Rubric) -> HttpResponse:
    """Says what a change leads to, and sees to it."""
    if now == before:
        messages.info(request, "This is the rubric in force already: nothing was saved.")
        return redirect("rubric", slug=slug)
    consequences = [f"Version {now.version} is in force."]
    if now.reckoned is None and now.dataset_id is not None:
        rescore.delay_on_commit(now.dataset_id)
        consequences.append("All panel scores are being reckoned anew by its weights and marks.")
    if now.hash != before.hash:
        consequences.append("The next judge run asks all judges again, by the new wording.")
    messages.success(request, " ".join(consequences))
    return redirect("rubric", slug=slug)


def _page(
    request: SignedIn,
    dataset: Dataset,
    membership: Membership,
    form: RubricForm,
    *,
    status: int = 200,
) -> HttpResponse:
    now, shipped = rubrics.current(dataset), rubrics.shipped()
    versions = Rubric.objects.filter(dataset=dataset).select_related("by")
    context = {
        "dataset": dataset,
        "membership": membership,
        "form": form,
        "now": now,
        "as_shipped": now.parts == shipped.parts,
        "reckoning": now.dataset_id is not None and now.reckoned is None,
        "versions": versions[:VERSIONS_SHOWN],
    }
    return render(request, "generation/rubric.html", context, status=status)


def _in_words(parts: Sequence[RubricCriterion]) -> str:
    """A rubric as a text: its wording as judges read it, and how each criterion counts."""
    return "\n\n".join(
        f"{rubric_in_words([part])}\nweight {part.weight:g}, passes from {part.pass_mark}"
        for part in parts
    )
