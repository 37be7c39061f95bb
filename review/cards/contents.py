"""What a release holds: its lines, splits, what retrieval shows of them, and their limits."""

from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime

from review.amounts import counted, share_of
from review.cards.words import listed, plain, section, table
from review.languages import language_name
from review.traits import in_words

_VERDICTS = {
    "accepted": "as a candidate stood",
    "edited": "as a reviewer edited or wrote it",
    "adjudicated": "by an adjudicator, where reviewers differed",
    "certified": "by a certificate on the judges' score, without a person",
}
_SPLITS = ("train", "validation", "test")
_UNKNOWN = "Not kept: the release was made before manifests told it."


def introduction(manifest: dict[str, Any], file: str) -> str:
    made = parse_datetime(manifest["made"])
    day = f", made on {date_format(localtime(made), 'j F Y')}" if made else ""
    return "\n\n".join(
        [
            f"Release {manifest['release']} of `{manifest['dataset']}`{day}: "
            f"{counted(manifest['dialogues'], 'dialogue')} in `{file}`, one line each.",
            "A dialogue between a user and an assistant ends in a query for an image that makes "
            "sense only to who read the dialogue. Each line has a *rewrite* of that final query "
            "that finds the image on its own, for training and evaluating conversational query "
            "rewriting in image retrieval (after *ReCQR*, arXiv 2603.26669).",
            listed(_in_short(manifest)),
        ]
    )


def _in_short(manifest: dict[str, Any]) -> list[str]:
    if "verdicts" not in manifest:
        return []
    return [_languages(manifest), _length(manifest), _targets(manifest), *_approved(manifest)]


def _languages(manifest: dict[str, Any]) -> str:
    found = [
        f"{language_name(code) if code else 'not told'} {n:,}"
        for code, n in manifest["languages"].items()
    ]
    return f"Languages of the users: {plain(', '.join(found))}."


def _length(manifest: dict[str, Any]) -> str:
    turns = manifest["turns"]
    if turns["fewest"] == turns["most"]:
        return f"Every dialogue has {counted(turns['most'], 'turn')}."
    median = turns["median"]
    return f"A dialogue has {turns['fewest']} to {turns['most']} turns, the median is {median}."


def _targets(manifest: dict[str, Any]) -> str:
    with_target, whole = manifest["with_target"], manifest["dialogues"]
    if with_target == whole:
        return "The target image of every dialogue is known."
    return f"The target image is known of {with_target:,} of {counted(whole, 'dialogue')}."


def _approved(manifest: dict[str, Any]) -> list[str]:
    return [
        f"{counted(n, 'rewrite')} approved {_VERDICTS.get(verdict, plain(verdict))} "
        f"(`{verdict}`, {share_of(n, manifest['dialogues'])})."
        for verdict, n in manifest["verdicts"].items()
    ]


def sections(manifest: dict[str, Any], file: str) -> list[str]:
    return [
        _retrieval(manifest),
        _deceives(manifest),
        _splits(manifest),
        _files(file),
        _limits(manifest),
    ]


def _retrieval(manifest: dict[str, Any]) -> str:
    retrievers = manifest.get("retrievers")
    if not retrievers:
        said = "No rewrite was checked against images." if retrievers == [] else _UNKNOWN
        return section("What retrieval found", said)
    rows = [
        [plain(one["retriever"]), f"{one['corpus_size']:,}", *_outcomes(one["outcomes"])]
        for one in retrievers
    ]
    heads = ["Retriever", "Images ranked", "Better", "Same", "Worse", "Not ranked"]
    return section(
        "What retrieval found",
        "Whether the approved rewrite ranks its target better than the final query as typed, by "
        "expected reciprocal rank. No dialogue was left out for what was found.",
        table(heads, rows, figures=5),
    )


def _outcomes(found: dict[str, int]) -> list[str]:
    return [f"{found.get(how, 0):,}" for how in ("improved", "same", "worse", "unranked")]


def _deceives(manifest: dict[str, Any]) -> str:
    rows = [
        [
            f"{line.label} (`{line.code}`)",
            f"{line.dialogues:,}",
            share_of(line.dialogues, manifest["dialogues"]),
        ]
        for line in in_words(manifest.get("traits", {}))
    ]
    if not rows:
        said = "No dialogue shows a trait that is looked for." if "traits" in manifest else _UNKNOWN
        return section("What deceives", said)
    return section(
        "What deceives",
        "What retrieval and people found of the dialogues, in `traits` of each line. Words that "
        "stand only in the target's caption leak it: a model that is trained on such rewrites "
        "learns to guess what it cannot know.",
        table(["Trait", "Dialogues", "Share"], rows, figures=2),
    )


def _splits(manifest: dict[str, Any]) -> str:
    if "splits" not in manifest:
        return section("Splits", _UNKNOWN)
    found = manifest["splits"]
    rows = [
        [name, f"{found.get(name, 0):,}", share_of(found.get(name, 0), manifest["dialogues"])]
        for name in _SPLITS
    ]
    return section(
        "Splits",
        "In `split` of each line. Dialogues that share a target, directly or through others, are "
        "in the same split; the next release keeps them there.",
        table(["Split", "Dialogues", "Share"], rows, figures=2),
    )


def _files(file: str) -> str:
    return section(
        "Files and format",
        listed(
            [
                f"`{file}`: curated JSONL. A line has the dialogue as it was imported, the final "
                "query, the approved `rewrite` and other texts that people found right "
                "(`references`), all `candidates` with their judgements, the `decisions` under "
                "pseudonyms with what each reviewer saw, the draw (`waves`) and `certificate` of "
                "the dialogue, what `retrieval` found, `traits`, and its `split`.",
                "The manifest in JSON: every figure of this card and more, and the SHA-256 of the "
                "lines.",
                "Images are not part of the release: lines name them by their ids.",
            ]
        ),
    )


def _limits(manifest: dict[str, Any]) -> str:
    policy, verdicts = manifest.get("policy", {}), manifest.get("verdicts", {})
    people = manifest.get("people", {})
    said = [
        "The licence is not stated: whoever passes the dialogues or images on has to know under "
        "which terms they came.",
        "Only approved dialogues are here: those that people rejected, for instance since no "
        "rewrite can be made good, are missing, so that the release is easier than what came in.",
        "Judges are models: their scores are theirs, and hold for the prompts named above.",
    ]
    if certified := verdicts.get("certified"):
        said.append(
            f"{counted(certified, 'rewrite')} {'was' if certified == 1 else 'were'} approved "
            "without a person (verdict `certified`). How many of them may be bad is said above."
        )
    if people.get("reviewers") == 1:
        said.append("One reviewer decided everything: nothing is known of how others would have.")
    if policy.get("decisions_needed") == 1:
        said.append("One decision was enough for a dialogue when the release was made.")
    if len(languages := list(manifest.get("languages", {}))) == 1 and languages[0]:
        said.append("It is in a single language.")
    return section("Known limits", listed(said))
