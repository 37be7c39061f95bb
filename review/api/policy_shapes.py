"""The shapes of a review policy in the API."""

from typing import Any

from rest_framework import serializers

from review.models import CertifiedUse, HideUntil, QueueOrder, Takers
from review.policy.rules import ARMS
from review.validators import RULES, Level


class SkipReasonSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field


class RejectReasonSerializer(SkipReasonSerializer):
    kind = serializers.ChoiceField(choices=["rewrite", "dialogue"])


class PolicySerializer(serializers.Serializer[Any]):
    """How the dialogues of a dataset are reviewed."""

    decisions_needed = serializers.IntegerField(help_text="1 to 5.")
    quorum = serializers.IntegerField(
        allow_null=True, help_text="How many decisions must agree; null: all."
    )
    needs_scores = serializers.BooleanField(help_text="Dialogues wait until judges scored them.")
    dispute_when_worse = serializers.BooleanField(
        help_text="A rewrite that finds its target worse goes to an adjudicator."
    )
    check_margin = serializers.FloatField(
        help_text="How far 1 divided by the rank of a target must move, 0 to 1, for a check to be "
        "improved or worse."
    )
    leave_out_shown = serializers.BooleanField(
        help_text="Images that a dialogue shows are left out where its target is looked for."
    )
    hide_authors = serializers.BooleanField()
    hide_scores = serializers.BooleanField()
    hide_until = serializers.ChoiceField(choices=HideUntil.choices)
    shuffle_candidates = serializers.BooleanField()
    queue_order = serializers.ChoiceField(choices=QueueOrder.choices)
    takers = serializers.ChoiceField(
        choices=Takers.choices, help_text="Whom the queue hands dialogues to."
    )
    arms = serializers.DictField(
        child=serializers.FloatField(),
        help_text=f"Share of the places in each arm, 0 to 1: {', '.join(ARMS)}. The rest is plain. "
        "In a change those that are not named stay.",
    )
    validators = serializers.DictField(  # type: ignore[assignment]  # a field
        child=serializers.ChoiceField(choices=[level.value for level in Level]),
        help_text=f"What happens before a text is approved, by rule: {', '.join(RULES)}. In a "
        "change those that are not named stay.",
    )
    most_words = serializers.IntegerField(help_text="From where `too-long` speaks.")
    reject_reasons = RejectReasonSerializer(
        many=True, help_text="The whole list; a reason left out is offered no more."
    )
    skip_reasons = SkipReasonSerializer(many=True)
    control_rate = serializers.FloatField(
        help_text="Share of dialogues with a known outcome, put among the others: 0 to 0.5."
    )
    control_threshold = serializers.FloatField(
        help_text="The accuracy below which the admins are told."
    )
    quiz_size = serializers.IntegerField(help_text="Dialogues that a new reviewer decides first.")
    quiz_pass = serializers.FloatField(help_text="The share of them to get right.")
    lease_minutes = serializers.IntegerField(help_text="1 to 1440.")
    certified_use = serializers.ChoiceField(
        choices=CertifiedUse.choices,
        help_text="What is done with dialogues that a certificate in force covers: `nothing`, "
        "`accept` (approve them without a person) or `one-decision` (one reviewer who accepts the "
        "best is enough).",
    )


class StepSerializer(serializers.Serializer[Any]):
    before = serializers.JSONField()
    after = serializers.JSONField()


class PolicyChangedSerializer(serializers.Serializer[Any]):
    policy = PolicySerializer(help_text="As it is now.")
    changed = serializers.DictField(
        child=StepSerializer(), help_text="By field what it was and is; empty: nothing changed."
    )
    consequences = serializers.ListField(
        child=serializers.CharField(), help_text="What becomes of open work, in sentences."
    )
