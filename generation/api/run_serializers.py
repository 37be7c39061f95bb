"""The shapes of runs, their estimates and their calls in the API."""

from typing import Any

from rest_framework import serializers

from generation.api.serializers import Amount, KeepableText
from generation.jury import BEST
from generation.models import Call, CallOutcome, RunKind, RunStatus
from generation.runs.drafting import MOST_CANDIDATES, MOST_COMPARED
from generation.runs.lifecycle import Wishes
from generation.seeing import COUNTS, LONGEST_SIDES, ImageSettings
from generation.showing import CAPTION, IMAGE
from generation.work import KINDS_OF_WORK
from review.api.serializers import StrictInteger
from review.models import Stage, Trait
from review.selecting import Selection

IMAGES = ImageSettings()
KEY: dict[str, Any] = {"min_value": 1, "max_value": 2**63 - 1}
COUNT: dict[str, Any] = {"min_value": 1, "max_value": 2**31 - 1}


class ImagesSerializer(serializers.Serializer[Any]):
    longest_side = StrictInteger(
        default=IMAGES.longest_side,
        min_value=LONGEST_SIDES[0],
        max_value=LONGEST_SIDES[-1],
        help_text="In pixels.",
    )
    format = KeepableText(default=IMAGES.format, help_text="`jpeg` or `webp`.")
    most = StrictInteger(
        default=IMAGES.most, min_value=COUNTS[0], max_value=COUNTS[-1], help_text="In a request."
    )


class NewRunSerializer(serializers.Serializer[Any]):
    """What a run is to be. Only what its kind needs is looked at."""

    kind = serializers.ChoiceField(choices=list(KINDS_OF_WORK))
    endpoints = serializers.ListField(
        child=KeepableText(),
        default=list,
        help_text="None: all that the dataset has for it, else `default`, else `offline`.",
    )
    words = KeepableText(default="", help_text="In the final query, or in the id.")
    stage = serializers.ChoiceField(choices=Stage.choices, required=False)
    trait = serializers.ChoiceField(
        choices=Trait.choices, required=False, help_text="What retrieval shows of them."
    )
    import_id = StrictInteger(required=False, allow_null=True, **KEY)
    sample = StrictInteger(
        required=False, allow_null=True, help_text="So many, drawn by the dataset's seed.", **COUNT
    )
    limit = StrictInteger(
        required=False, allow_null=True, help_text="At most so many dialogues.", **COUNT
    )
    candidates = StrictInteger(
        default=4, min_value=1, max_value=MOST_CANDIDATES, help_text="For a dialogue."
    )
    images = ImagesSerializer(
        required=False, allow_null=True, help_text="Sent where an endpoint sees them."
    )
    target = serializers.ListField(
        child=serializers.ChoiceField(choices=[CAPTION, IMAGE]),
        default=list,
        help_text="What models are shown of the right answer. It is marked in the record.",
    )
    both_orders = serializers.BooleanField(default=False)
    pairwise = serializers.BooleanField(default=False)
    best = StrictInteger(default=BEST, min_value=2, max_value=MOST_COMPARED)
    batch = serializers.BooleanField(default=False, help_text="Half the price, within a day.")
    budget = Amount(required=False, allow_null=True, min_value=0, help_text="In dollars.")
    estimate = serializers.BooleanField(
        default=False, help_text="Answer what it would take, and start nothing."
    )

    def wishes(self) -> Wishes:
        said = self.validated_data
        images = said.get("images")
        return Wishes(
            endpoints=said["endpoints"],
            candidates=said["candidates"],
            limit=said.get("limit"),
            budget=said.get("budget"),
            selection=Selection(
                said["words"],
                said.get("stage", ""),
                said.get("import_id"),
                said.get("sample"),
                said.get("trait", ""),
            ),
            images=ImageSettings.from_json(images) if images is not None else None,
            target=said["target"],
            both_orders=said["both_orders"],
            pairwise=said["pairwise"],
            best=said["best"],
            batch=said["batch"],
        )


class ShareSerializer(serializers.Serializer[Any]):
    endpoint = serializers.CharField(source="endpoint.name")
    items = serializers.IntegerField()
    calls = serializers.IntegerField()
    tokens_input = serializers.IntegerField()
    tokens_output = serializers.IntegerField()
    cost_usd = Amount(allow_null=True, help_text="Null: a price is unknown.")
    seconds = serializers.FloatField(allow_null=True, help_text="Null: not foretold.")
    is_measured = serializers.BooleanField(help_text="By the endpoint's last calls.")
    in_batches = serializers.BooleanField()


class EstimateSerializer(serializers.Serializer[Any]):
    planned = serializers.IntegerField(help_text="Items: a dialogue at an endpoint each.")
    done = serializers.IntegerField(help_text="Of these, done before: not asked again.")
    calls = serializers.IntegerField()
    tokens_input = serializers.IntegerField()
    tokens_output = serializers.IntegerField()
    cost_usd = Amount(allow_null=True, help_text="Null: a price is unknown.")
    seconds = serializers.FloatField(allow_null=True, help_text="Null: not foretold.")
    is_measured = serializers.BooleanField(help_text="By the endpoints' last calls.")
    shares = ShareSerializer(many=True)


class RunSerializer(serializers.Serializer[Any]):
    """A run as it stands now. Amounts are exact, as decimal strings."""

    id = serializers.IntegerField(source="run.pk")
    kind = serializers.ChoiceField(source="run.kind", choices=RunKind.choices)
    status = serializers.ChoiceField(source="run.status", choices=RunStatus.choices)
    note = serializers.CharField(source="run.note", help_text="Why it rests.")
    by = serializers.CharField(source="run.by.username", default=None, allow_null=True)
    created = serializers.DateTimeField(source="run.created")
    finished = serializers.DateTimeField(source="run.finished", allow_null=True)
    parameters = serializers.JSONField(
        source="run.parameters", help_text="What it was started with."
    )
    budget_usd = Amount(source="run.budget_usd", allow_null=True)
    planned = serializers.IntegerField()
    done = serializers.IntegerField()
    failed = serializers.IntegerField()
    pending = serializers.IntegerField()
    calls = serializers.IntegerField(source="spend.calls")
    tokens_input = serializers.IntegerField(source="spend.tokens_input")
    tokens_output = serializers.IntegerField(source="spend.tokens_output")
    known_usd = Amount(source="spend.known_usd")
    calls_of_unknown_cost = serializers.IntegerField(
        source="spend.unknown", help_text="Their cost is not in `known_usd`."
    )
    seconds = serializers.FloatField()
    seconds_left = serializers.FloatField(allow_null=True)


class CallSerializer(serializers.ModelSerializer[Call]):
    """One attempt: what was sent, with pictures by their checksum, and what came back."""

    dialogue = serializers.CharField(
        source="item.dialogue.external_id", default=None, allow_null=True
    )
    endpoint = serializers.CharField(source="endpoint.name")
    outcome = serializers.ChoiceField(
        choices=CallOutcome.choices, help_text="`lost`: its worker ended before the reply."
    )
    cost_usd = Amount(allow_null=True, help_text="Null: unknown.")
    reply = serializers.SerializerMethodField(
        help_text="Null where a judge's is withheld: the dialogue was drawn for calibration, and "
        "people have not decided yet."
    )

    class Meta:
        model = Call
        fields = [
            "id",
            "dialogue",
            "endpoint",
            "model",
            "attempt",
            "outcome",
            "status_code",
            "error",
            "saw_target",
            "tokens_input",
            "tokens_cached",
            "tokens_output",
            "prices",
            "cost_usd",
            "latency_seconds",
            "created",
            "request",
            "reply",
        ]

    def get_reply(self, call: Call) -> str | None:
        return None if call.pk in self.context.get("withheld", ()) else call.reply
