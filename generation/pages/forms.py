"""The forms of endpoints and their prices. What they may hold is checked where it is saved."""

import json
from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils import timezone

from generation.connecting import HALF, Price
from generation.connections import Connection, parameters_in
from generation.models import Endpoint, Job, StructuredOutput
from generation.standing import key_is_set
from review.errors import Invalid

PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
JOBS = {Job.REWRITE: "rewriting", Job.JUDGE: "judging", Job.EMBED: "vectors for retrievers"}
WHOLE = {"invalid": "Give a whole number."}
AMOUNT = {"invalid": "Give an amount in dollars such as 0.15, or leave it empty."}


def _number(label: str, help_text: str, *, required: bool = True, most: int | None = None) -> Any:
    needed = {**WHOLE, "required": "Give a whole number."}
    widget = forms.NumberInput(attrs={"min": 1, **({"max": most} if most else {})})
    return forms.IntegerField(
        label=label, help_text=help_text, required=required, widget=widget, error_messages=needed
    )


def _begun(words: str) -> str:
    """With a capital first, and the others as they are."""
    return words[:1].upper() + words[1:]


class EndpointForm(forms.Form):
    name = forms.CharField(
        widget=forms.TextInput(attrs={**PLAIN, "placeholder": "gpt-judge"}),
        help_text="What runs call it: lower-case letters, digits and hyphens.",
        error_messages={"required": "Give it a name, such as gpt-judge."},
    )
    base_url = forms.CharField(
        label="Address",
        widget=forms.TextInput(
            attrs={**PLAIN, "inputmode": "url", "placeholder": "https://api.openai.com/v1"}
        ),
        help_text="Of the OpenAI-compatible server; it often ends with /v1.",
        error_messages={"required": "Give the server's address, with https:// or http://."},
    )
    model = forms.CharField(
        widget=forms.TextInput(attrs=PLAIN),
        help_text="As its server calls it.",
        error_messages={"required": "Name the model as its server calls it."},
    )
    key_variable = forms.CharField(
        label="Environment variable of the key",
        required=False,
        widget=forms.TextInput(attrs={**PLAIN, "placeholder": "MISTRAL_API_KEY"}),
        help_text="Its name, never the key itself. Empty: the server wants none.",
    )
    structured_output = forms.ChoiceField(
        label="Structured output",
        choices=[(way.value, _begun(way.label)) for way in StructuredOutput],
        help_text="By JSON schema is surest; the last works with any server.",
    )
    sees_images = forms.BooleanField(label="It sees images", required=False)
    has_batches = forms.BooleanField(
        label="It has the Batch API",
        required=False,
        help_text="Its server takes files and batches, as OpenAI's does.",
    )
    extra_parameters = forms.CharField(
        required=False,
        widget=forms.Textarea(
            attrs={**PLAIN, "rows": 3, "class": "code", "placeholder": '{"temperature": 0.7}'}
        ),
        help_text="A JSON object that goes into every request as it is.",
    )
    own_family = forms.CharField(
        label="Model family",
        required=False,
        widget=forms.TextInput(attrs=PLAIN),
        help_text="Only where the model's name does not tell it. Judges are spared their own.",
    )
    most_in_flight = _number("Calls in flight", "At most, over all workers.", most=2000)
    requests_per_minute = _number("Requests per minute", "Empty: no limit.", required=False)
    tokens_per_minute = _number("Tokens per minute", "Empty: no limit.", required=False)
    timeout_seconds = _number("Seconds per call", "Then it counts as lost.", most=3600)
    jobs = forms.MultipleChoiceField(
        label="Used for",
        required=False,
        choices=[(job.value, word.capitalize()) for job, word in JOBS.items()],
        widget=forms.CheckboxSelectMultiple,
        help_text="Runs that name no endpoint use it so; others may name it in any case. A model "
        "that makes vectors is for them alone.",
    )

    def __init__(self, data: Any = None, *, endpoint: Endpoint | None = None) -> None:
        begun = Connection.of(endpoint) if endpoint else Connection(name="", base_url="", model="")
        values = begun.values()
        extra = json.dumps(values["extra_parameters"], ensure_ascii=False, indent=1)
        values["extra_parameters"] = extra if begun.extra_parameters else ""
        super().__init__(data, initial=values)

    def clean_extra_parameters(self) -> dict[str, Any]:
        try:
            return parameters_in(self.cleaned_data["extra_parameters"])
        except Invalid as error:
            raise forms.ValidationError(str(error)) from error

    def connection(self) -> Connection:
        return Connection(**{name: self.cleaned_data[name] for name in Connection.names()})

    def forget_key(self) -> None:
        """What was entered may be a key that was pasted: the page does not send it back."""
        self.data = self._without_key(self.data)

    @staticmethod
    def _without_key(sent: Any) -> Any:
        kept = sent.copy()
        kept["key_variable"] = ""
        return kept

    def groups(self) -> Iterator[tuple[str, list[forms.BoundField]]]:
        """The fields as the page groups them."""
        for title, names in GROUPS.items():
            yield title, [self[name] for name in names]

    def key_state(self) -> str:
        """Whether the variable that the field names is set here; empty where it names none."""
        name = str(self["key_variable"].value() or "").strip()
        if not name or self["key_variable"].errors:
            return ""
        return "set" if key_is_set(name) else "missing"


GROUPS = {
    "Where it is": ["name", "base_url", "model", "key_variable"],
    "How it answers": [
        "structured_output",
        "sees_images",
        "has_batches",
        "extra_parameters",
        "own_family",
    ],
    "What it bears": [
        "most_in_flight",
        "requests_per_minute",
        "tokens_per_minute",
        "timeout_seconds",
    ],
    "What it is for": ["jobs"],
}


def _amount(label: str, help_text: str = "") -> Any:
    return forms.DecimalField(
        label=label,
        required=False,
        help_text=help_text,
        widget=forms.NumberInput(attrs={"min": 0, "step": "any"}),
        error_messages=AMOUNT,
    )


class PriceForm(forms.Form):
    """A price from a day on; `optional`: with no amount there is none at all."""

    since = forms.DateField(
        label="From",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": "Give the day from which it holds.",
            "invalid": "Give a day such as 2026-01-31.",
        },
    )
    input = _amount("Input")
    cached = _amount("Cached input", "Empty: as input.")
    output = _amount("Output", "Empty: it makes vectors, and writes nothing.")
    batch_share = forms.DecimalField(
        label="In a batch",
        help_text="As a share: 0.5 is half.",
        widget=forms.NumberInput(attrs={"min": 0, "max": 1, "step": "any"}),
        error_messages={"required": "Give a share such as 0.5.", "invalid": "Give a number."},
    )

    def __init__(self, data: Any = None, *, optional: bool = False) -> None:
        today = timezone.now().date()
        super().__init__(data, initial={"since": today, "batch_share": HALF})
        if optional:
            self.fields["since"].required = self.fields["batch_share"].required = False

    def price(self) -> Price:
        values = {**self.initial, **{k: v for k, v in self.cleaned_data.items() if v is not None}}
        return Price(**values)

    def all(self) -> list[Price]:
        """The one price that the form holds, or none."""
        amounts = [self.cleaned_data[name] for name in ("input", "cached", "output")]
        return [self.price()] if any(amount is not None for amount in amounts) else []
