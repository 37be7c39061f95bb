"""The form that starts a benchmark: with which retrievers, forms and files, by which metric."""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from django import forms as fields
from django.core.files.uploadedfile import UploadedFile

from generation import retrievers
from generation.benchmark import forms as query_forms
from generation.benchmark.forms import Form, Rewrites
from generation.benchmark.outside import rewrites_in
from generation.benchmark.planning import PRIMARY_METRIC, BenchmarkOptions, subjects
from generation.benchmark.report import RATES
from generation.benchmark_shown.names import form_name
from generation.checks.waiting import what_lacks
from generation.pages.previews import PreviewedForm
from review.errors import Invalid
from review.models import Dataset
from review.selecting import EVERYTHING

MOST_FILES = 10
# Far more than the ids and rewrites of 100,000 dialogues take.
MOST_BYTES = 64 * 1024 * 1024


class ManyFiles(fields.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(fields.FileField):
    """Any number of files, each of them checked like one."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        given = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(one, initial) for one in given if one]


class NewBenchmark(PreviewedForm):
    preview_template = "generation/_estimate.html"

    retrievers = fields.MultipleChoiceField(
        required=False,
        widget=fields.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "There is no retriever “%(value)s” in this dataset."},
    )
    forms = fields.MultipleChoiceField(
        required=False,
        widget=fields.CheckboxSelectMultiple,
        label="Forms of the query",
        error_messages={"invalid_choice": "There is no form “%(value)s” in this dataset."},
    )
    rewrites = FilesField(
        required=False,
        label="Outputs of other models",
        help_text="JSONL files with a line {“id”, “text”} for each dialogue. Each is scored as a "
        "form of its own, called as its file.",
    )
    metric = fields.ChoiceField(
        choices=[(name, name) for name in RATES],
        initial=PRIMARY_METRIC,
        label="Metric of the comparisons",
        help_text="Chosen before looking: p-values, slices and power are of this one. All others "
        "are shown as well.",
    )

    def __init__(self, *args: Any, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = retrievers.configured(dataset)
        # Of each retriever that cannot search now, why: what it searches for would fail.
        lacking = {row.name: what_lacks(dataset, row) for row in rows}
        self.not_ready = {name: reason for name, reason in lacking.items() if reason}
        there = query_forms.available(subjects(dataset, EVERYTHING), {})
        self.fields["retrievers"].choices = [(row.name, row.name) for row in rows]  # type: ignore[attr-defined]  # of this field
        self.fields["forms"].choices = [(form.name, _called(form)) for form in there]  # type: ignore[attr-defined]  # of this field

    def clean_rewrites(self) -> dict[str, Rewrites]:
        """By the names of their forms."""
        files: Sequence[UploadedFile] = self.cleaned_data["rewrites"]
        if len(files) > MOST_FILES:
            raise fields.ValidationError(f"Give at most {MOST_FILES} files at once.")
        try:
            return {_named(file): _read(file) for file in files}
        except Invalid as error:
            raise fields.ValidationError(str(error)) from None

    def options(self) -> BenchmarkOptions:
        """What a valid form asks for."""
        said: Mapping[str, Any] = self.cleaned_data
        return BenchmarkOptions(said["retrievers"], said["forms"], said["rewrites"], said["metric"])


def _called(form: Form) -> str:
    return form_name(form.as_json())


def _named(file: UploadedFile) -> str:
    """“My model v2.jsonl” as `my-model-v2`."""
    return re.sub(r"[^a-z0-9]+", "-", PurePath(file.name or "").stem.lower()).strip("-")[:64]


def _read(file: UploadedFile) -> Rewrites:
    if (file.size or 0) > MOST_BYTES:
        raise Invalid(f"{file.name} is larger than 64 MB: leave out what is no “id” and “text”.")
    return rewrites_in(file, file.name or "The file")
