"""How a release was made: rewriters, judges and their prompts, the rubric, and the review."""

from typing import Any

from review.amounts import counted
from review.cards.words import listed, plain, section, short_hash, table

_ORDERS = {
    "oldest": "the oldest first",
    "disagreement": "those on which judges disagreed most first",
    "highest": "the highest scored first",
    "lowest": "the lowest scored first",
    "random": "in an order by lot",
}
_CERTIFIED_USE = {
    "accept": "Rewrites that a certificate covers were approved without a person.",
    "one-decision": "Where a certificate covered the rewrite, one decision that agreed was enough.",
}


def sections(manifest: dict[str, Any]) -> list[str]:
    if "rewriters" not in manifest:
        said = "Not kept: the release was made before manifests told of models and prompts."
        return [section("How it was made", said)]
    return [
        section("Rewriters", *_rewriters(manifest)),
        section("Judges and rubric", *_judges(manifest["judges"]), *_rubric(manifest["rubric"])),
        section("Review", listed(_review(manifest["policy"]))),
    ]


def _rewriters(manifest: dict[str, Any]) -> list[str]:
    rows = [
        [*_maker(one, "author"), f"{one['candidates']:,}", f"{one['approved']:,}"]
        for one in manifest["rewriters"]
    ]
    people = manifest["written_by_people"]
    wrote = f"People wrote or edited {counted(people, 'approved rewrite')}."
    if not rows:
        return ["No candidate came from a model or an import.", wrote]
    heads = ["Rewriter", "Model", "Prompt", "Candidates", "Approved"]
    return [table(heads, rows, figures=2), wrote]


def _judges(judges: list[dict[str, Any]]) -> list[str]:
    if not judges:
        return ["No judge scored candidates."]
    rows = [[*_maker(one, "judge"), f"{one['scored']:,}", f"{one['unscored']:,}"] for one in judges]
    return [table(["Judge", "Model", "Prompt", "Scores", "Without a score"], rows, figures=2)]


def _maker(one: dict[str, str], role: str) -> list[str]:
    return [plain(one[role]), plain(one["model"]) or "none named", short_hash(one["prompt_hash"])]


def _rubric(rubric: dict[str, Any]) -> list[str]:
    rows = [
        [
            plain(one["criterion"]),
            plain(one["question"]),
            f"{one['weight']:g}",
            str(one["pass_mark"]),
        ]
        for one in rubric["criteria"]
    ]
    return [
        f"Judges scored from 1 to 5 by the {plain(rubric['name'])} ({short_hash(rubric['hash'])}); "
        "a candidate passes where the mean of the judges reaches the mark on every criterion.",
        table(["Criterion", "Question", "Weight", "Mark"], rows, figures=2),
    ]


def _review(policy: dict[str, Any]) -> list[str]:
    needed, quorum = policy["decisions_needed"], policy["quorum"] or policy["decisions_needed"]
    said = [
        "A dialogue took one decision."
        if needed == 1
        else f"A dialogue took {needed} decisions, of which {quorum} had to agree; where they did "
        "not, an adjudicator decided.",
        f"Dialogues were handed out {_ORDERS[policy['queue_order']]}.",
        f"Reviewers {_hidden(policy['hide_scores'])} the judges' scores, and "
        f"{_hidden(policy['hide_authors'])} who wrote a candidate"
        + (
            f", until {_until(policy)}." if policy["hide_scores"] or policy["hide_authors"] else "."
        ),
    ]
    if policy["shuffle_candidates"]:
        said.append("Candidates were shown in an order by lot.")
    if use := _CERTIFIED_USE.get(policy["certified_use"]):
        said.append(use)
    said.append("This was the policy when the release was made; it may have been another before.")
    return said


def _hidden(hidden: bool) -> str:
    return "did not see" if hidden else "saw"


def _until(policy: dict[str, Any]) -> str:
    return "they had decided" if policy["hide_until"] == "decided" else "the dialogue was settled"
