"""The forms that draw a wave and test for a certificate."""

from collections.abc import Mapping
from typing import Any

from django import forms as fields

from generation.pages.calibration import wording
from generation.pages.previews import PreviewedForm
from review.calibration.sampling.waves import known_parts
from review.calibration.slices import in_order
from review.models import Dataset, WaveKind

USUAL_SIZE = 100
NUMBER = {"required": "Give a number.", "invalid": "Give a whole number."}
SHARE = {"required": "Give a number.", "invalid": "Give a number."}


class Percent(fields.FloatField):
    """A share as people write it: 5 for one in twenty."""

    def __init__(self, *, least: float, most: float, **kwargs: Any) -> None:
        widget = fields.NumberInput(attrs={"min": least, "max": most, "step": "any"})
        super().__init__(widget=widget, error_messages=SHARE, **kwargs)

    def clean(self, value: Any) -> float | None:
        given = super().clean(value)
        return None if given is None else round(given / 100, 6)


class NewWave(PreviewedForm):
    preview_template = "generation/_wave_preview.html"

    kind = fields.ChoiceField(
        choices=WaveKind.choices,
        initial=WaveKind.UNIFORM,
        label="How it is drawn",
        error_messages={"required": "Choose one.", "invalid_choice": "Choose one of the two."},
    )
    size = fields.IntegerField(
        initial=USUAL_SIZE,
        label="How many dialogues",
        widget=fields.NumberInput(attrs={"min": 1}),
        error_messages=NUMBER,
    )
    even_share = Percent(
        least=50,
        most=100,
        required=False,
        initial=50,
        label="Spread evenly, in percent",
        help_text="50 to 100. The rest goes where judges and ranks differ most; the more is even, "
        "the less single dialogues weigh.",
    )
    narrow = fields.ChoiceField(
        required=False,
        label="Drawn from",
        help_text="A wave of one part counts in that part's line alone, and for no certificate.",
        error_messages={"invalid_choice": "There is no such part of the dataset: choose another."},
    )

    def __init__(self, *args: Any, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["narrow"].choices = [("", "The whole dataset"), *_parts(dataset)]  # type: ignore[attr-defined]  # of this field

    def asked(self) -> dict[str, Any]:
        """What a valid form asks `review.calibration.sampling.waves` for."""
        said: Mapping[str, Any] = self.cleaned_data
        informative = said["kind"] == WaveKind.INFORMATIVE
        dimension, _, value = said["narrow"].partition(":")
        return {
            "kind": said["kind"],
            "size": said["size"],
            "even_share": said["even_share"] if informative else None,
            "narrowed": {dimension: value} if dimension else {},
        }

    def refuse(self, error: Exception, field: str) -> None:
        super().refuse(error, "narrow" if field == "narrowed" else field)


def _parts(dataset: Dataset) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a wave can be narrowed to, by dimension."""
    found = known_parts(dataset)
    return [
        (
            title.removeprefix("By ").capitalize(),
            [(f"{by}:{name}", wording.part_name(by, name)) for name in in_order(by, found[by])],
        )
        for by, (title, _) in wording.GROUPS.items()
        if found.get(by)
    ]


class NewCertificate(PreviewedForm):
    preview_template = "generation/_certificate_preview.html"

    share = Percent(
        least=0,
        most=100,
        initial=5,
        label="At most so many are bad, in percent",
        help_text="Of the rewrites at or above the score that is certified. Bad is what "
        "somebody who decided did not accept unedited.",
    )
    confidence = Percent(
        least=0,
        most=100,
        initial=95,
        label="With a confidence of, in percent",
        help_text="95: one in twenty may certify too much. Of all tests so far under the same "
        "judges, rubric and rewriters together: a second one can only be asked for with less.",
    )
