"""The form that starts a run: few fields at first sight, the others behind a click.

A field that does not belong to the chosen kind is hidden, and looked at no more than if it were
not there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, get_args

from django import forms
from django.utils import timezone

from generation import endpoints as known_endpoints
from generation.jury import BEST
from generation.models import Endpoint, EndpointKind, EndpointPrice, RunKind
from generation.models.endpoints import in_force
from generation.pages.previews import PreviewedForm
from generation.runs.drafting import MOST_CANDIDATES, MOST_COMPARED, RunOptions
from generation.runs.lifecycle import Wishes
from generation.seeing import COUNTS, LONGEST_SIDES, ImageSettings
from generation.showing import CAPTION, IMAGE
from review.amounts import counted
from review.models import Dataset, Stage, Trait
from review.pictures import Format
from review.selecting import Selection

IMPORTS_OFFERED = 50
JUDGES = frozenset({RunKind.JUDGE.value})
MODELS = JUDGES | {RunKind.REWRITE.value}
# Which kinds of run a field belongs to; those not named here belong to all.
BELONGS = {
    **dict.fromkeys(["endpoints", "images", "target", "batch", "budget"], MODELS),
    **dict.fromkeys(["longest_side", "format", "most"], MODELS),
    "candidates": frozenset({RunKind.REWRITE.value}),
    **dict.fromkeys(["both_orders", "pairwise", "best"], JUDGES),
}
# Fields that only say how another one is to be done.
DETAILS_OF = {
    **dict.fromkeys(["longest_side", "format", "most"], "images"),
    "best": "pairwise",
}
KINDS = {
    RunKind.REWRITE: (
        "models write candidates",
        "dialogue has no candidate,dialogues have no candidate",
    ),
    RunKind.JUDGE: ("models score the candidates", "dialogue has no score,dialogues have no score"),
    RunKind.CHECK: ("do approved rewrites find their image?", "rewrite waits,rewrites wait"),
}
# The kind of run that takes dialogues on from a stage.
NEXT_AT = {
    Stage.IMPORTED.value: RunKind.REWRITE.value,
    Stage.PROPOSED.value: RunKind.JUDGE.value,
    Stage.APPROVED.value: RunKind.CHECK.value,
}
A_NUMBER = {
    "invalid": "Give a whole number, or leave it empty.",
    "min_value": "It is at least 1; leave it empty for all.",
}
IMAGES = ImageSettings()


def _between(lowest: int, highest: int) -> dict[str, Any]:
    """Bounds of a number and what is said of one beyond them."""
    words = f"Give a whole number from {lowest:,} to {highest:,}."
    errors = dict.fromkeys(["invalid", "min_value", "max_value"], words)
    return {"min_value": lowest, "max_value": highest, "error_messages": errors}


class NewRun(PreviewedForm):
    preview_template = "generation/_estimate.html"

    kind = forms.ChoiceField(
        choices=[(kind.value, kind.label) for kind in KINDS],
        error_messages={"required": "Choose what to do: rewrite, judge or check."},
    )
    words = forms.CharField(
        required=False, max_length=200, help_text="In the final query, or in the id."
    )
    stage = forms.ChoiceField(
        required=False,
        choices=[("", "Any stage"), *[(stage.value, stage.label) for stage in Stage]],
    )
    trait = forms.ChoiceField(
        required=False,
        label="Shows",
        choices=[("", "Whatever retrieval shows"), *Trait.choices],
    )
    import_id = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=None, label="Came with the import"
    )
    sample = forms.IntegerField(
        required=False,
        min_value=1,
        label="A sample of so many",
        help_text="Drawn by the dataset's seed: the same ones each time.",
        error_messages=A_NUMBER,
    )
    limit = forms.IntegerField(
        required=False,
        min_value=1,
        label="At most so many",
        help_text="The first ones, in the order of import. Empty: all.",
        error_messages=A_NUMBER,
    )
    endpoints = forms.MultipleChoiceField(required=False)
    candidates = forms.IntegerField(
        required=False,
        initial=4,
        label="Candidates per dialogue",
        help_text="How many each endpoint writes, in one reply.",
        **_between(1, MOST_CANDIDATES),
    )
    budget = forms.DecimalField(
        required=False,
        min_value=Decimal(0),
        max_digits=12,
        decimal_places=6,
        label="Budget in dollars",
        help_text="The run pauses before it would pass it. Empty: no budget.",
        error_messages=dict.fromkeys(
            ["invalid", "min_value", "max_digits", "max_decimal_places", "max_whole_digits"],
            "Give an amount in dollars such as 2.50, or leave it empty.",
        ),
    )
    batch = forms.BooleanField(
        required=False,
        label="In batches",
        help_text="Half the price, and done within a day rather than in minutes.",
    )
    images = forms.BooleanField(required=False, label="Send the images of the turns")
    longest_side = forms.IntegerField(
        required=False,
        initial=IMAGES.longest_side,
        label="Longest side in pixels",
        **_between(LONGEST_SIDES[0], LONGEST_SIDES[-1]),
    )
    format = forms.ChoiceField(
        required=False,
        choices=[(name, {"webp": "WebP", "jpeg": "JPEG"}[name]) for name in get_args(Format)],
        initial=IMAGES.format,
        help_text="JPEG is read everywhere; WebP is smaller.",
    )
    most = forms.IntegerField(
        required=False,
        initial=IMAGES.most,
        label="Most images in a request",
        help_text="The last ones shown, where there are more.",
        **_between(COUNTS[0], COUNTS[-1]),
    )
    target = forms.MultipleChoiceField(
        required=False,
        choices=[(CAPTION, "its caption"), (IMAGE, "the image itself")],
        widget=forms.CheckboxSelectMultiple,
        label="Show models the target image",
    )
    both_orders = forms.BooleanField(
        required=False,
        label="A second time in the reverse order",
        help_text="Twice the calls. Shows how far a judge goes by the place in the list.",
    )
    pairwise = forms.BooleanField(
        required=False,
        label="Compare the best in pairs",
        help_text="Candidates that have scores, two by two and in both orders; a judge that "
        "changes its mind says “tie”.",
    )
    best = forms.IntegerField(
        required=False,
        initial=BEST,
        label="How many of the best",
        **_between(2, MOST_COMPARED),
    )

    def __init__(self, *args: Any, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._dataset = dataset
        names = [(name, name) for name in known_endpoints.names(dataset)]
        self.fields["endpoints"].choices = names  # type: ignore[attr-defined]  # of this field
        self.fields["import_id"].choices = _imports(dataset)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """What does not belong to the kind is as if it were not there, right or wrong."""
        kind = self.cleaned_data.get("kind", "")
        for name in self.fields:
            asked_for = self.cleaned_data.get(DETAILS_OF.get(name, ""), True)
            if kind and not (asked_for and kind in BELONGS.get(name, {kind})):
                self.errors.pop(name, None)
                self.cleaned_data[name] = None
        return self.cleaned_data

    def wishes(self) -> Wishes:
        """What a valid form asks for. Raises `Invalid` for what only the run knows is wrong."""
        said = self.cleaned_data
        return Wishes(
            endpoints=said["endpoints"] or (),
            candidates=said["candidates"] or 4,
            limit=said["limit"],
            budget=said["budget"],
            selection=Selection(
                said["words"].strip(),
                said["stage"],
                said["import_id"],
                said["sample"],
                said["trait"],
            ),
            images=_image_settings(said) if said["images"] else None,
            target=said["target"] or (),
            both_orders=bool(said["both_orders"]),
            pairwise=bool(said["pairwise"]),
            best=said["best"] or BEST,
            batch=bool(said["batch"]),
        )

    def options(self) -> RunOptions:
        return RunOptions(**self.wishes())

    def narrows(self) -> bool:
        """Whether it says which dialogues, so that the page shows those fields at once."""
        return any(
            self[name].value()
            for name in ("words", "stage", "trait", "import_id", "sample", "limit")
        )

    def shows_more(self) -> bool:
        return any(self[name].value() for name in ("images", "target"))

    def judges_more(self) -> bool:
        return any(self[name].value() for name in ("both_orders", "pairwise"))


def _image_settings(said: Mapping[str, Any]) -> ImageSettings:
    return ImageSettings(
        longest_side=said["longest_side"] or IMAGES.longest_side,
        format=said["format"] or IMAGES.format,
        most=said["most"] or IMAGES.most,
    )


def _imports(dataset: Dataset) -> list[tuple[str, str]]:
    rows = dataset.imports.order_by("-pk").values_list("pk", "source")[:IMPORTS_OFFERED]
    named = [(str(key), f"{key}: {source.rsplit('/', 1)[-1][:60]}") for key, source in rows]
    return [("", "Any import"), *named]


@dataclass(frozen=True)
class KindChoice:
    """One kind of run as the form offers it."""

    value: str
    label: str
    words: str
    waits: str


def kind_choices(waits: Mapping[str, int]) -> list[KindChoice]:
    return [
        KindChoice(kind.value, str(kind.label), words, counted(waits[kind], noun))
        for kind, (words, noun) in KINDS.items()
    ]


def likely_kind(waits: Mapping[str, int], stage: str) -> str:
    """What the dialogues at a stage wait for; else the first step that has something to do."""
    first = next((kind for kind, count in waits.items() if count), RunKind.REWRITE.value)
    return NEXT_AT.get(stage, first)


@dataclass(frozen=True)
class EndpointChoice:
    """One endpoint as the form offers it, with the price that holds today."""

    endpoint: Endpoint
    price: EndpointPrice | None
    checked: bool

    @property
    def jobs(self) -> str:
        words = {"rewrite": "rewrites", "judge": "judges", "embed": "makes vectors"}
        return " and ".join(words[job] for job in words if job in self.endpoint.jobs)


@dataclass(frozen=True)
class EndpointChoices:
    """What a run may use; `usual` are the names that it takes by itself, by its kind."""

    offered: list[EndpointChoice]
    usual: dict[str, list[str]]

    @property
    def seeing(self) -> list[str]:
        return [one.endpoint.name for one in self.offered if one.endpoint.sees_images]

    @property
    def batching(self) -> list[str]:
        return [one.endpoint.name for one in self.offered if one.endpoint.has_batches]


def endpoint_choices(dataset: Dataset, chosen: list[str]) -> EndpointChoices:
    today = timezone.now().date()
    rows = {row.name: row for row in _rows(dataset)}
    offered = [rows.get(name) or _not_made_yet(name) for name in known_endpoints.names(dataset)]
    choices = [_choice(one, chosen, in_force(_prices(one), today)) for one in offered]
    return EndpointChoices(choices, {kind: _usual(rows, kind) for kind in sorted(MODELS)})


def _rows(dataset: Dataset) -> list[Endpoint]:
    """A dataset's own come last, so that they take the place of one of the site."""
    known = Endpoint.objects.within(dataset).prefetch_related("prices")
    return sorted(known, key=lambda row: row.dataset_id is not None)


def _prices(endpoint: Endpoint) -> list[EndpointPrice]:
    return list(endpoint.prices.all()) if endpoint.pk else []


def _choice(endpoint: Endpoint, chosen: list[str], price: EndpointPrice | None) -> EndpointChoice:
    complete = price is not None and price.is_complete()
    return EndpointChoice(endpoint, price if complete else None, endpoint.name in chosen)


def _not_made_yet(name: str) -> Endpoint:
    """`default` and `offline` get their rows with the first run that uses them."""
    offline = name == known_endpoints.OFFLINE
    return Endpoint(name=name, kind=EndpointKind.OFFLINE if offline else EndpointKind.OPENAI)


def _usual(rows: Mapping[str, Endpoint], kind: str) -> list[str]:
    own = [name for name, row in rows.items() if row.dataset_id is not None and kind in row.jobs]
    site = known_endpoints.DEFAULT if known_endpoints.is_configured() else known_endpoints.OFFLINE
    return sorted(own) or [site]
