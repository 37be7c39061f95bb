"""The people behind a release: how many, how far they agree, and what seeing did to them."""

from typing import Any

from review.amounts import counted
from review.cards.words import figure, listed, section, table

_VERDICTS = {
    "accept": "accepted",
    "edit": "edited",
    "reject": "rejected",
    "more": "asked for more",
    "skip": "skipped",
}


def section_of(manifest: dict[str, Any]) -> str:
    return section(
        "People", *_numbers(manifest), *_agreement(manifest.get("agreement")), *_arms(manifest)
    )


def _numbers(manifest: dict[str, Any]) -> list[str]:
    people = manifest.get("people")
    if people is None:
        return []
    decided = [
        f"{n:,} {_VERDICTS.get(verdict, verdict)}" for verdict, n in people["decisions"].items()
    ]
    if not decided:
        return ["No person decided on any dialogue of this release."]
    total = sum(people["decisions"].values())
    return [
        f"{counted(people['reviewers'], 'reviewer')} and "
        f"{counted(people['adjudicators'], 'adjudicator')} made "
        f"{counted(total, 'decision')} on the dialogues of this release: {', '.join(decided)}. "
        "They stand under pseudonyms that lead to nobody."
    ]


def _agreement(found: dict[str, Any] | None) -> list[str]:
    if not found:
        return ["How far they agree was not kept: the release was made before manifests told it."]
    if not found["dialogues"]:
        return ["No dialogue had two reviewers, so that nothing is known of how far they agree."]
    rows = [
        ["Same outcome, of two decisions", figure(found["outcome"])],
        ["Same verdict, of two decisions", figure(found["verdict"])],
        ["Krippendorff's alpha of verdicts", figure(found["alpha"], "number")],
    ]
    return [
        f"Over all decisions when the release was made, on the "
        f"{counted(found['dialogues'], 'dialogue')} with two reviewers or more, with 95% "
        "intervals:",
        table(["Agreement", "Figure"], rows),
    ]


def _arms(manifest: dict[str, Any]) -> list[str]:
    sentences = [sentence for arm in manifest.get("arms", []) for sentence in arm["sentences"]]
    if not sentences:
        return []
    return [
        "At some places something was hidden by lot, which tells what it does to people to see it:",
        listed(sentences),
    ]
