"""The forms of retrievers, one for each kind. What they may hold is checked where it is saved."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms

from generation.encoders.clip import PAIRS
from generation.encoders.embedding_forms import CAPTIONS, INPUT, MESSAGES, MODALITY, OBJECTS
from generation.models import ConfiguredRetriever, Endpoint, Job, RetrieverKind
from generation.pages.forms import PLAIN, WHOLE
from generation.retrievers import configured
from generation.retrievers.dense import POOLINGS
from generation.retrievers.setting_up import Wanted
from review.models import Dataset

KINDS: dict[str, tuple[str, str]] = {
    RetrieverKind.BM25.value: (
        "BM25",
        "Words of the query in captions. Needs no model and is there from the start.",
    ),
    RetrieverKind.DENSE.value: (
        "Text model",
        "What query and captions mean, by a text embedding model on the machine of the workers.",
    ),
    RetrieverKind.CLIP.value: (
        "CLIP",
        "The pixels themselves, by a pair of text and image models on the machine of the workers.",
    ),
    RetrieverKind.ENDPOINT.value: (
        "Embeddings server",
        "Any other model behind a server: vLLM, Infinity, Jina, OpenAI, Ollama.",
    ),
    RetrieverKind.FUSION.value: (
        "Fusion",
        "Several retrievers in one, by reciprocal ranks. Often better than each of them.",
    ),
}


def _line(label: str, help_text: str, placeholder: str = "") -> Any:
    widget = forms.TextInput(attrs={**PLAIN, "placeholder": placeholder})
    # A prefix may well end with a space.
    return forms.CharField(
        label=label, help_text=help_text, required=False, widget=widget, strip=False
    )


def _one_of(label: str, help_text: str, choices: Mapping[str, str]) -> Any:
    return forms.ChoiceField(
        label=label, help_text=help_text, required=False, choices=list(choices.items())
    )


MODEL = "As the hub calls it, OWNER/NAME. It is downloaded once, by a worker."
FOLDER = "On the machine of the workers. Then nothing is downloaded."
DEVICE = "A graphics card needs CUDA and the GPU build of ONNX Runtime."
IMAGES_SENT = {
    CAPTIONS: "as its caption",
    MESSAGES: "as pixels in messages (vLLM)",
    OBJECTS: "as pixels in objects (Jina, SGLang)",
    MODALITY: "as pixels by modality (Infinity)",
}
# What most people leave as it is.
RARE = {
    *("pooling", "file", "device", "k", "texts", "dimensions", "instruction", "query_parameters"),
    *("document_parameters", "batch", "longest_side", "most_tokens", "most_characters"),
}
QUERY_PREFIX = "Put before each query, where the model's card asks for it."


def _fields(kind: str) -> dict[str, Any]:
    """The settings of a kind, by name, in the order of the page."""
    device = _one_of("Runs on", DEVICE, {"cpu": "the processor", "cuda": "a graphics card"})
    if kind == RetrieverKind.DENSE:
        return {
            "model": _line("Model", MODEL, "BAAI/bge-small-en-v1.5"),
            "path": _line("Folder with the model", FOLDER, "/models/bge-small"),
            "query_prefix": _line("Before queries", QUERY_PREFIX, "query: "),
            "passage_prefix": _line("Before captions", "The same for captions.", "passage: "),
            "pooling": _one_of(
                "Pooling",
                "Only for a model that the library does not know.",
                {"": "as the library knows it", **{name: name for name in POOLINGS}},
            ),
            "file": _line("ONNX file", "Only where it has another name.", "onnx/model.onnx"),
            "device": device,
        }
    if kind == RetrieverKind.CLIP:
        return {
            "model": _one_of(
                "Model",
                "Downloaded once, by a worker.",
                {"": "in the folders below", **{name: name for name in PAIRS}},
            ),
            "text_path": _line("Folder with the text model", FOLDER, "/models/clip/text"),
            "vision_path": _line("Folder with the image model", FOLDER, "/models/clip/vision"),
            "query_prefix": _line("Before queries", QUERY_PREFIX, "a photo of "),
            "device": device,
        }
    if kind == RetrieverKind.ENDPOINT:
        return _server_fields()
    if kind == RetrieverKind.FUSION:
        return {"k": _number("k", "Of 1/(k + rank); 60 as a rule. Larger: the top counts less.")}
    return {}


def _server_fields() -> dict[str, Any]:
    return {
        "images": _one_of("An image is sent", "As the server takes it.", IMAGES_SENT),
        "texts": _one_of(
            "Texts are sent",
            "As messages only where the model's chat template must see them.",
            {INPUT: "as input", MESSAGES: "as messages"},
        ),
        "dimensions": _number("Dimensions", "Fewer than the model's, where it allows that."),
        "query_prefix": _line("Before queries", QUERY_PREFIX, "query: "),
        "document_prefix": _line("Before captions", "The same for captions.", "passage: "),
        "instruction": _line("Instruction", "The system message of messages."),
        "query_parameters": _parameters("Parameters for queries", '{"task": "retrieval.query"}'),
        "document_parameters": _parameters(
            "Parameters for images", '{"task": "retrieval.passage"}'
        ),
        "batch": _number("In one request", "Texts or images. Empty: 64 texts, 16 images."),
        "longest_side": _number("Pixels of the longer side", "Of images as sent. Empty: 512."),
        "most_tokens": _number("Most tokens", "Of a text, where the server refuses longer ones."),
        "most_characters": _number("Most characters", "The same in characters."),
    }


def _number(label: str, help_text: str) -> Any:
    return forms.IntegerField(
        label=label, help_text=help_text, required=False, error_messages=WHOLE
    )


def _parameters(label: str, placeholder: str) -> Any:
    attrs = {**PLAIN, "rows": 2, "class": "code", "placeholder": placeholder}
    return _ObjectField(
        label=label,
        help_text="A JSON object that goes into each request.",
        required=False,
        widget=forms.Textarea(attrs=attrs),
        error_messages={"invalid": f"Give a JSON object, such as {placeholder}."},
    )


class _ObjectField(forms.JSONField):
    def prepare_value(self, value: Any) -> Any:
        """Nothing is shown as nothing, not as the `null` of JSON."""
        return "" if value in (None, {}) else super().prepare_value(value)


class RetrieverForm(forms.Form):
    """What is said of a retriever of one kind; its name only when it is new."""

    def __init__(
        self,
        data: Any = None,
        *,
        dataset: Dataset,
        kind: str,
        retriever: ConfiguredRetriever | None = None,
    ) -> None:
        said = Wanted.of(retriever) if retriever else Wanted()
        typed = {**said.settings, "endpoint": said.endpoint, "members": said.members}
        super().__init__(data, initial=typed)
        self.kind = kind
        self._names = list(_fields(kind))
        if retriever is None:
            self.fields["name"] = forms.CharField(
                widget=forms.TextInput(attrs={**PLAIN, "placeholder": kind}),
                help_text="Lower-case letters, digits and hyphens. Files and tables call it so.",
                error_messages={"required": f"Give it a name, such as {kind}."},
            )
        if kind == RetrieverKind.ENDPOINT:
            self.fields["endpoint"] = _endpoint_field(dataset)
        if kind == RetrieverKind.FUSION:
            self.fields["members"] = _members_field(dataset)
        self.fields |= _fields(kind)

    def wanted(self) -> Wanted:
        cleaned = self.cleaned_data
        given = {name: cleaned[name] for name in self._names if cleaned[name] not in ("", None)}
        return Wanted(given, cleaned.get("endpoint", ""), cleaned.get("members", ()))

    def groups(self) -> Iterator[tuple[str, list[forms.BoundField]]]:
        """The fields as the page groups them."""
        named = [name for name in self.fields if name not in self._names]
        usual = [name for name in self._names if name not in RARE]
        rare = [name for name in self._names if name in RARE]
        for title, names in (("What it is", named), ("Its model", usual), ("Rarely needed", rare)):
            if names:
                yield title, [self[name] for name in names]


def _endpoint_field(dataset: Dataset) -> Any:
    rows = Endpoint.objects.of_dataset_for(dataset, Job.EMBED)
    return forms.ChoiceField(
        label="Endpoint",
        choices=[(row.name, f"{row.name}: {row.model}") for row in rows],
        help_text="One that is used for vectors. Connect it under Endpoints first.",
        error_messages={"required": "Choose an endpoint, or connect one under Endpoints first."},
    )


MEMBERS = "The retrievers to make one of: two at least."


def _members_field(dataset: Dataset) -> Any:
    simple = [row for row in configured(dataset) if row.kind != RetrieverKind.FUSION]
    return forms.MultipleChoiceField(
        label="Members",
        choices=[(row.name, row.name) for row in simple],
        widget=forms.CheckboxSelectMultiple,
        help_text=MEMBERS if len(simple) > 1 else f"{MEMBERS} Add another retriever first.",
        error_messages={"required": "Choose two at least."},
    )
