"""The shapes of endpoints, prompts and rubrics in the API."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from generation.connecting import HALF, Price
from generation.connections import LARGEST_PARAMETERS, Connection
from generation.models import CallOutcome, Endpoint, Job, StructuredOutput
from generation.standing import Standing
from review.api.serializers import StrictInteger
from review.models import Criterion, RubricCriterion
from review.models.rubrics import LEVELS

LARGEST_NUMBER = 2**31 - 1


class KeepableText(serializers.CharField):
    """A JSON string that the record can keep, as it came. Numbers are no texts."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"trim_whitespace": False, "allow_blank": True, **options})

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        text: str = super().to_internal_value(data)
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise serializers.ValidationError("Half of a character (a lone surrogate) is no text.")
        return text


class Amount(serializers.DecimalField):
    """Dollars, as a JSON number or a decimal string; given back as a string, exactly."""

    def __init__(self, **options: Any) -> None:
        sizes = {"max_digits": 12, "decimal_places": 6, "coerce_to_string": True}
        super().__init__(**{**sizes, **options})

    def to_representation(self, value: Any) -> Any:
        return f"{Decimal(value).normalize():f}"


class PriceSerializer(serializers.Serializer[Any]):
    """Dollars per million tokens from a day on. Null: unknown (`cached`: as `input`)."""

    since = serializers.DateField()
    input = Amount(allow_null=True, default=None)
    cached = Amount(allow_null=True, default=None)
    output = Amount(allow_null=True, default=None)
    batch_share = Amount(default=HALF, help_text="What a call in a batch costs, as a share.")


class EndpointInputSerializer(serializers.Serializer[Any]):
    """What it may hold is checked where it is saved."""

    name = KeepableText(help_text="Lower-case letters, digits and hyphens.")
    base_url = KeepableText(help_text="Of the OpenAI-compatible server; often ends with /v1.")
    model = KeepableText()
    key_variable = KeepableText(
        required=False, help_text="The name of the environment variable, never the key itself."
    )
    jobs = serializers.ListField(
        child=KeepableText(),
        required=False,
        help_text=f"Which runs use it that name no endpoint, and whether retrievers may ask it "
        f"for vectors: {', '.join(Job.values)}.",
    )
    structured_output = serializers.ChoiceField(choices=StructuredOutput.values, required=False)
    sees_images = serializers.BooleanField(required=False)
    has_batches = serializers.BooleanField(required=False)
    extra_parameters = serializers.DictField(
        required=False,
        help_text=f"Go into every request as they are; at most {LARGEST_PARAMETERS} bytes.",
    )
    most_in_flight = StrictInteger(required=False, max_value=LARGEST_NUMBER)
    requests_per_minute = StrictInteger(
        required=False, allow_null=True, max_value=LARGEST_NUMBER, help_text="Null: no limit."
    )
    tokens_per_minute = StrictInteger(
        required=False, allow_null=True, max_value=LARGEST_NUMBER, help_text="Null: no limit."
    )
    timeout_seconds = StrictInteger(required=False, max_value=LARGEST_NUMBER)
    own_family = KeepableText(
        required=False, help_text="Where the model's name does not tell its family."
    )
    prices = PriceSerializer(
        many=True, required=False, help_text="All of them: these take the place of what was."
    )

    def values(self) -> dict[str, Any]:
        """What was sent of the fields of a `Connection`."""
        sent = self.validated_data
        return {name: sent[name] for name in Connection.names() if name in sent}

    def prices_sent(self) -> list[Price] | None:
        if "prices" not in self.validated_data:
            return None
        return [Price(**price) for price in self.validated_data["prices"]]


class EndpointChangeSerializer(EndpointInputSerializer):
    """What is left out stays as it is."""

    name = KeepableText(required=False, help_text="Only while no run has used it.")
    base_url = KeepableText(required=False)
    model = KeepableText(required=False)


class HealthSerializer(serializers.Serializer[Any]):
    """This dataset's calls of the last day."""

    calls = serializers.IntegerField()
    ok = serializers.IntegerField()
    median_seconds = serializers.FloatField(allow_null=True)
    problem = serializers.CharField(help_text="Of the last call that went wrong.")
    problem_at = serializers.DateTimeField(allow_null=True)


class EndpointSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(source="endpoint.name")
    site = serializers.BooleanField(
        source="of_the_site", help_text="Of the whole site: only the environment changes it."
    )
    kind = serializers.CharField(source="endpoint.kind", help_text="openai or offline.")
    base_url = serializers.CharField(source="endpoint.base_url")
    model = serializers.CharField(source="endpoint.model")
    family = serializers.CharField(source="endpoint.family")
    own_family = serializers.CharField(source="endpoint.own_family")
    key_variable = serializers.CharField(source="endpoint.key_variable")
    key_is_set = serializers.BooleanField(
        help_text="Whether the environment of the web server has that variable."
    )
    jobs = serializers.ListField(child=serializers.CharField(), source="endpoint.jobs")
    structured_output = serializers.CharField(source="endpoint.structured_output")
    sees_images = serializers.BooleanField(source="endpoint.sees_images")
    has_batches = serializers.BooleanField(source="endpoint.has_batches")
    extra_parameters = serializers.DictField(source="endpoint.extra_parameters")
    most_in_flight = serializers.IntegerField(source="endpoint.most_in_flight")
    requests_per_minute = serializers.IntegerField(
        source="endpoint.requests_per_minute", allow_null=True
    )
    tokens_per_minute = serializers.IntegerField(
        source="endpoint.tokens_per_minute", allow_null=True
    )
    timeout_seconds = serializers.IntegerField(source="endpoint.timeout_seconds")
    prices = PriceSerializer(many=True, help_text="The newest first.")
    price = PriceSerializer(allow_null=True, help_text="The one in force.")
    health = HealthSerializer()


class TryInputSerializer(serializers.Serializer[Any]):
    with_image = serializers.BooleanField(default=False)
    job = serializers.ChoiceField(
        choices=[Job.REWRITE.value, Job.EMBED.value],
        required=False,
        help_text="What for: rewrites of a sample, or the vector of a text. By default what the "
        "endpoint is for.",
    )


class TriedSerializer(serializers.Serializer[Any]):
    """What one real call about a sample showed."""

    works = serializers.BooleanField()
    rewrites = serializers.ListField(child=serializers.CharField(), source="texts")
    dimensions = serializers.IntegerField(
        allow_null=True, help_text="Of the vector, where one was asked for."
    )
    problem = serializers.CharField()
    mend = serializers.CharField(help_text="What to do about the problem.")
    call = serializers.IntegerField(
        source="call.pk", default=None, allow_null=True, help_text="Null: none was made."
    )
    outcome = serializers.ChoiceField(
        source="call.outcome", choices=CallOutcome.choices, default=None, allow_null=True
    )
    status_code = serializers.IntegerField(source="call.status_code", default=None, allow_null=True)
    tokens_input = serializers.IntegerField(
        source="call.tokens_input", default=None, allow_null=True
    )
    tokens_cached = serializers.IntegerField(
        source="call.tokens_cached", default=None, allow_null=True
    )
    tokens_output = serializers.IntegerField(
        source="call.tokens_output", default=None, allow_null=True
    )
    cost_usd = Amount(
        source="call.cost_usd",
        max_digits=14,
        decimal_places=8,
        default=None,
        allow_null=True,
        help_text="Null: a price is unknown.",
    )
    seconds = serializers.FloatField(source="call.latency_seconds", default=None, allow_null=True)


class PromptInputSerializer(serializers.Serializer[Any]):
    text = KeepableText(help_text="With $count (rewrite) or $rubric (judge, compare) in it.")


class PromptSerializer(serializers.Serializer[Any]):
    """The text in use."""

    kind = serializers.CharField()
    version = serializers.IntegerField()
    shipped = serializers.SerializerMethodField(help_text="Whether it is ReCQR's own text.")
    text = serializers.CharField()
    hash = serializers.CharField(help_text="SHA-256 of the text.")
    by = serializers.CharField(source="by.username", default=None, allow_null=True)
    created = serializers.DateTimeField()

    def get_shipped(self, prompt: Any) -> bool:
        return prompt.dataset_id is None


class LevelsSerializer(serializers.Serializer[Any]):
    """An example of each level, from 5 (best) to 1."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {str(level): KeepableText() for level in LEVELS}

    def to_representation(self, instance: Any) -> dict[str, str]:
        return {str(level): words for level, words in instance.items()}


class CriterionSerializer(serializers.Serializer[Any]):
    key = serializers.ChoiceField(choices=Criterion.values)
    question = KeepableText()
    levels = LevelsSerializer()
    weight = serializers.FloatField(help_text="Its share in a judge's score; 0: not counted.")
    pass_mark = StrictInteger(help_text="1 to 5: the panel's mean from which a candidate passes.")


class RubricInputSerializer(serializers.Serializer[Any]):
    criteria = CriterionSerializer(many=True, help_text="All five, in their order.")

    def given(self) -> list[RubricCriterion]:
        return [RubricCriterion.from_json(dict(one)) for one in self.validated_data["criteria"]]


class RubricSerializer(serializers.Serializer[Any]):
    """The rubric in force."""

    version = serializers.IntegerField()
    shipped = serializers.SerializerMethodField(help_text="Whether it is ReCQR's own.")
    hash = serializers.CharField(help_text="SHA-256 of its wording alone.")
    by = serializers.CharField(source="by.username", default=None, allow_null=True)
    created = serializers.DateTimeField()
    reckoned = serializers.SerializerMethodField(
        help_text="False while panel scores are being reckoned anew by it."
    )
    criteria = CriterionSerializer(many=True, source="parts")

    def get_shipped(self, rubric: Any) -> bool:
        return rubric.dataset_id is None

    def get_reckoned(self, rubric: Any) -> bool:
        return rubric.dataset_id is None or rubric.reckoned is not None


def standing_as_sent(standing: Standing, endpoint: Endpoint) -> dict[str, Any]:
    """An endpoint with all its prices; one of the site may have no row yet."""
    prices = list(endpoint.prices.all()) if endpoint.pk else []
    parts = ("endpoint", "of_the_site", "key_is_set", "price", "health")
    return {**{name: getattr(standing, name) for name in parts}, "prices": prices}
