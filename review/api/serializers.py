"""The shapes of the API. What comes in and what goes out are separate."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from review.api.policy_shapes import PolicySerializer, RejectReasonSerializer
from review.models import (
    Approval,
    Arm,
    CertifiedAs,
    CheckOutcome,
    Decision,
    Dialogue,
    RetrievalCheck,
    Role,
    Stage,
    Trait,
    Verdict,
    WordFinding,
)
from review.models.decisions import TAKING_BACK
from review.places.drafts import MOST_ALSO
from review.rulings import Ruling
from review.visibility import CandidateView

GIVEN_VERDICTS = [verdict for verdict in Verdict.values if verdict not in TAKING_BACK]


class StrictText(serializers.CharField):
    """A JSON string, as it came. Numbers are no texts."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, allow_blank=True, required=False, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictInteger(serializers.IntegerField):
    """A JSON integer that fits a key. Strings, fractions and truth values are none."""

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class CandidateId(StrictInteger):
    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=2**63 - 1, **options)


class RulingSerializer(serializers.Serializer[Ruling]):
    """A verdict and what belongs to it; the rules of each verdict are checked when it is given."""

    verdict = serializers.ChoiceField(choices=GIVEN_VERDICTS)
    candidate = CandidateId(
        required=False,
        allow_null=True,
        help_text="The accepted candidate; with `edit`, the one that the text started from.",
    )
    text = StrictText(help_text="The rewrite, with `edit`.")
    reason = StrictText(help_text="With `reject`, and with `skip` if you like, one of the codes.")
    note = StrictText(help_text="With `more`, what the models should know.")
    also = serializers.ListField(
        child=CandidateId(),
        required=False,
        max_length=MOST_ALSO,
        help_text="With `accept` and `edit`: further candidates that are right as well.",
    )
    override = StrictText(help_text="Why a text that a validator blocks is right all the same.")

    def ruling(self) -> Ruling:
        values = dict(self.validated_data)
        also = tuple(values.pop("also", ()))
        return Ruling(candidate_id=values.pop("candidate", None), also=also, **values)


class ProblemErrorSerializer(serializers.Serializer[Any]):
    field = serializers.CharField(help_text="Where; empty for the whole request.")
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """Problem JSON, RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    kind = serializers.CharField(help_text="`place-lost` tells a lost place from other conflicts.")
    detail = serializers.CharField(help_text="A sentence for a person.")
    errors = ProblemErrorSerializer(many=True)  # type: ignore[assignment]  # a field, by the RFC


class DatasetBriefSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="The slug: what addresses and commands take.")
    title = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices, help_text="Yours.")


class DatasetSerializer(DatasetBriefSerializer):
    stages = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many dialogues stand at each stage."
    )
    dialogues = serializers.IntegerField()
    images = serializers.IntegerField(help_text="Of the corpus as it is now.")
    corpus_version = serializers.IntegerField()
    policy = PolicySerializer()
    lease_minutes = serializers.IntegerField()
    reject_reasons = RejectReasonSerializer(many=True)


class TurnSerializer(serializers.Serializer[Any]):
    role = serializers.CharField(help_text="user or assistant.")
    text = serializers.CharField()
    images = serializers.ListField(child=serializers.CharField(), required=False)


class JudgementSerializer(serializers.Serializer[Any]):
    judge = serializers.CharField()
    criterion = serializers.CharField()
    score = serializers.IntegerField(allow_null=True, help_text="1 to 5; null: unscored.")
    reason = serializers.CharField()
    unscored_reason = serializers.CharField()
    offline = serializers.BooleanField()
    self_judged = serializers.BooleanField(
        help_text="By a judge of the family that wrote it: the panel had no other."
    )
    reversed = serializers.BooleanField(
        help_text="Of a second pass, in which the candidates stood in the reverse order."
    )


class CandidateSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    text = serializers.CharField()
    author = serializers.SerializerMethodField(help_text="Null while hidden from you.")
    authors = serializers.ListField(child=serializers.CharField())
    offline = serializers.BooleanField()
    score = serializers.FloatField(
        allow_null=True, help_text="The panel's, 1 to 5; null while unscored or hidden from you."
    )
    disagreement = serializers.FloatField(
        allow_null=True, help_text="The largest distance between two judges."
    )
    passes = serializers.BooleanField(
        allow_null=True, help_text="Whether the panel's mean reaches every pass mark of the rubric."
    )
    preference = serializers.FloatField(
        allow_null=True, help_text="Share of its comparisons with others that it won, 0 to 1."
    )
    judgements = JudgementSerializer(many=True)
    repeats_final_query = serializers.BooleanField()
    chosen = serializers.BooleanField()

    def get_author(self, view: CandidateView) -> str | None:
        return view.authors[0] if view.authors else None


class DecisionSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    reviewer = serializers.CharField(source="reviewer.username")
    verdict = serializers.ChoiceField(choices=GIVEN_VERDICTS)
    candidate = serializers.IntegerField(source="candidate_id", allow_null=True)
    reason = serializers.CharField()
    note = serializers.CharField()
    also = serializers.SerializerMethodField(help_text="Further candidates, right as well.")
    override = serializers.CharField(help_text="Why, although a validator blocked the text.")
    arm = serializers.SerializerMethodField(help_text="What was hidden from the reviewer by lot.")
    adjudication = serializers.BooleanField()
    seconds = serializers.FloatField()
    time = serializers.DateTimeField(source="created")

    def get_also(self, decision: Decision) -> list[int]:
        return [candidate.pk for candidate in decision.also.all()]

    @extend_schema_field(serializers.ChoiceField(choices=Arm.choices, allow_null=True))
    def get_arm(self, decision: Decision) -> str | None:
        """None for an adjudicator, who has no place."""
        return decision.saw.get("arm")


class RetrievalSerializer(serializers.ModelSerializer[RetrievalCheck]):
    """Rank of the target for one form of the query: 1 + images strictly above; `tied` share it."""

    candidate = serializers.IntegerField(source="candidate_id", allow_null=True)
    form = serializers.CharField(help_text="final_query, history, rewrite or candidate.")
    rank = serializers.IntegerField(allow_null=True)
    tied = serializers.IntegerField(allow_null=True)
    outcome = serializers.ChoiceField(
        choices=CheckOutcome.choices, allow_blank=True, help_text="With form `rewrite` alone."
    )

    class Meta:
        model = RetrievalCheck
        fields = [
            "retriever",
            "form",
            "candidate",
            "corpus_version",
            "corpus_size",
            "rank",
            "tied",
            "score",
            "outcome",
            "unranked_reason",
            "ranks",
            "cut",
            "left_out",
            "leaves_out",
            "margin",
        ]


class WordSerializer(serializers.ModelSerializer[WordFinding]):
    """The target's rank without one content word of the approved rewrite, by one retriever."""

    trait = serializers.CharField(
        help_text="What deceives in it: leak, hallucination or padding; empty: nothing."
    )

    class Meta:
        model = WordFinding
        fields = [
            "retriever",
            "corpus_version",
            "word",
            "start",
            "end",
            "supported",
            "trait",
            "rank",
            "tied",
            "rank_without",
            "tied_without",
        ]


class SupportSerializer(serializers.Serializer[Any]):
    """Somebody pointed a word of the approved rewrite to the turn that means it."""

    id = serializers.IntegerField()
    word = serializers.CharField(source="word_key")
    turn = serializers.IntegerField(help_text="From 0.")
    by = serializers.CharField(source="by.username")
    time = serializers.DateTimeField(source="created")


class ImageSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="external_id")
    caption = serializers.CharField()
    has_file = serializers.BooleanField(help_text="False: known by its caption alone.")
    width = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)


class DialogueBriefSerializer(serializers.ModelSerializer[Dialogue]):
    id = serializers.CharField(source="external_id")
    target_images = serializers.ListField(child=serializers.CharField())
    stage = serializers.ChoiceField(choices=Stage.choices)

    class Meta:
        model = Dialogue
        fields = ["id", "stage", "language", "final_query", "target_images"]


class CoveredSerializer(serializers.Serializer[Any]):
    certificate = serializers.IntegerField(help_text="Its number.")
    used_as = serializers.ChoiceField(choices=CertifiedAs.choices)
    score = serializers.FloatField(help_text="The panel's.")
    candidate = serializers.IntegerField()
    judges = serializers.ListField(child=serializers.CharField())
    authors = serializers.ListField(child=serializers.CharField())
    good = serializers.BooleanField(
        allow_null=True, help_text="What the first person who decided said of it."
    )
    put_back_at = serializers.DateTimeField(allow_null=True)
    put_back_by = serializers.CharField(allow_null=True)


class DialogueSerializer(serializers.Serializer[Any]):
    """A dialogue as this person may see it; hidden parts are null or empty."""

    id = serializers.CharField()
    turns = TurnSerializer(many=True)
    final_query = serializers.CharField()
    target_images = serializers.ListField(child=serializers.CharField())
    images = ImageSerializer(many=True, help_text="Those that turns and targets name.")
    stage = serializers.ChoiceField(choices=Stage.choices)
    approval = serializers.ChoiceField(choices=Approval.choices, allow_blank=True)
    certified = CoveredSerializer(
        allow_null=True, help_text="The certificate that covers it in this round."
    )
    candidates = CandidateSerializer(many=True, help_text="Best first, where scores show.")
    decisions = DecisionSerializer(many=True)
    retrieval = RetrievalSerializer(many=True)
    traits = serializers.ListField(
        child=serializers.ChoiceField(choices=Trait.choices), help_text="What retrieval shows."
    )
    words = WordSerializer(many=True, help_text="Content words of the approved rewrite.")
    supports = SupportSerializer(many=True)


class DraftSerializer(serializers.Serializer[Any]):
    text = StrictText(default="", help_text="The rewrite as far as it is written.")
    rest = serializers.DictField(
        default=dict,
        help_text="What else is chosen or written: verdict, candidate, also, reject_reason, "
        "skip_reason, reject_note, more_note, skip_note, note, override.",
    )
    revision = StrictInteger(
        default=0, min_value=0, max_value=2**31 - 2, help_text="That it was written upon."
    )


class StoredDraftSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    rest = serializers.DictField()
    revision = serializers.IntegerField()
    saved_at = serializers.DateTimeField(allow_null=True)


class KeptDraftSerializer(serializers.Serializer[Any]):
    revision = serializers.IntegerField(help_text="Of the draft just kept: write upon it next.")
    saved_at = serializers.DateTimeField()
    held = serializers.BooleanField(help_text="False: the draft is kept, but the place has gone.")
    expires_at = serializers.DateTimeField(allow_null=True)


class NewerDraftSerializer(ProblemSerializer):
    draft = StoredDraftSerializer()


class FirstTextSerializer(serializers.Serializer[Any]):
    text = StrictText(default="", help_text="Your own rewrite, before you see any candidate.")


class LeaseSerializer(serializers.Serializer[Any]):
    expires_at = serializers.DateTimeField(help_text="When the place goes without a sign of life.")


class ClaimSerializer(serializers.Serializer[Any]):
    assignment = serializers.IntegerField()
    expires_at = serializers.DateTimeField()
    writes_first = serializers.BooleanField(
        help_text="The candidates show once you have written a rewrite of your own."
    )
    draft = StoredDraftSerializer(help_text="What you wrote here before; revision 0: nothing.")
    dialogue = DialogueSerializer()


class DialogueStageSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="dialogue.external_id")
    stage = serializers.ChoiceField(choices=Stage.choices, source="stage_after")


class DecidedSerializer(serializers.Serializer[Any]):
    decision = serializers.IntegerField(source="pk")
    dialogue = DialogueStageSerializer(source="*")
