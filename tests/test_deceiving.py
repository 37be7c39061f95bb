"""What deceives in an approved rewrite is found after its check: leaks, what needs no history,
what is unstable. Ranks are those of BM25 over captions written here, so the truth is known."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from generation import checks, deceiving
from generation.deceiving import draining
from generation.deceiving.effects import Effect, effect
from generation.deceiving.tasks import drain_traits
from generation.deceiving.words import Supporting, without
from generation.retrievers import KINDS, configured
from generation.retrievers.setting_up import (
    Wanted,
    add_retriever,
    make_primary,
    retire_retriever,
)
from generation.vectors.tasks import fill_vectors
from review import intake
from review.errors import Invalid, NotAllowed
from review.exporting import write_release
from review.importing.engine import import_dialogues
from review.models import (
    Approval,
    CandidateKind,
    Dataset,
    Dialogue,
    Image,
    RetrievalCheck,
    Stage,
    Trait,
    User,
    WordFinding,
)
from review.selecting import Selection
from review.undoing import reopen
from tests.cheap_encoder import CheapEncoder, CheapKind

Make = Callable[..., Dialogue]
Approved = Callable[..., Dialogue]
# Of twelve lighthouses one alone is striped, at dusk and of brick, and its caption is the longest:
# where the word "lighthouse" alone is looked for it comes last.
CAPTIONS = {
    "striped": "a striped brick lighthouse at dusk with gulls over grey waves",
    **{f"plain-{n}": "a white lighthouse by day" for n in range(11)},
    "sketch": "a pencil sketch of a harbour",
}


@pytest.fixture
def corpus(dataset: Dataset) -> None:
    Image.objects.bulk_create(
        Image(dataset=dataset, external_id=name, caption=caption, added_version=1)
        for name, caption in CAPTIONS.items()
    )


@pytest.fixture
def approved(dataset: Dataset, corpus: None) -> Approved:
    """An approved rewrite, checked and looked at."""

    def make(rewrite: str, *said: str, name: str = "d-1", **fields: Any) -> Dialogue:
        shown = fields.pop("shown", [])
        turns = [
            {"role": "user", "text": text, "images": shown if n == 0 else []}
            for n, text in enumerate(said)
        ]
        values = {"turns": turns, "final_query": said[-1], "content_hash": name, **fields}
        values.setdefault("target_images", ["striped"])
        dialogue = Dialogue.objects.create(dataset=dataset, external_id=name, **values)
        author = intake.Provenance(author="w", kind=CandidateKind.MODEL)
        written = intake.add_candidates(
            dialogue_id=dialogue.pk, texts=[rewrite], by=author, round=0
        )
        approve(dialogue, written[0].pk)
        settle(dataset)
        dialogue.refresh_from_db()
        return dialogue

    return make


def approve(dialogue: Dialogue, candidate: int) -> None:
    Dialogue.objects.filter(pk=dialogue.pk).update(
        stage=Stage.APPROVED,
        approval=Approval.ACCEPTED,
        approved_candidate=candidate,
        settled_at=timezone.now(),
        checks_due=bool(dialogue.target_images),
        checked_as={},
        traits_due=True,
    )


def settle(dataset: Dataset) -> None:
    checks.drain(dataset.pk)
    deceiving.drain(dataset.pk)


def words(dialogue: Dialogue) -> dict[str, str]:
    """What was said of each word."""
    return {word.word: word.trait for word in dialogue.word_findings.order_by("start")}


def ranks(dialogue: Dialogue, word: str) -> tuple[int, int, int, int]:
    found = dialogue.word_findings.get(word=word)
    return found.rank, found.tied, found.rank_without, found.tied_without


def test_a_word_that_nobody_said_and_that_finds_the_target_is_a_leak(approved: Approved) -> None:
    dialogue = approved("the striped lighthouse", "we saw a lighthouse", "show it again")
    assert words(dialogue) == {"striped": "leak", "lighthouse": "padding"}
    assert ranks(dialogue, "striped") == (1, 1, 12, 1)
    assert ranks(dialogue, "lighthouse") == (1, 1, 1, 1)
    assert [word.supported for word in dialogue.word_findings.order_by("start")] == [False, True]
    assert dialogue.traits == ["history-required", "leak", "padding"]
    assert not dialogue.traits_due


def test_what_nobody_said_and_leads_away_is_a_hallucination(approved: Approved) -> None:
    dialogue = approved("dusk, in pencil", "something at dusk", "show it again")
    assert words(dialogue) == {"dusk": "", "pencil": "hallucination"}
    assert ranks(dialogue, "pencil") == (2, 1, 1, 1)
    assert ranks(dialogue, "dusk") == (2, 1, 2, 12)


def test_a_word_in_the_caption_of_a_shown_image_is_supported_and_in_the_targets_own_is_not(
    approved: Approved,
) -> None:
    said = ("like this", "but the lighthouse")
    dialogue = approved("lighthouse, pencil, striped", *said, shown=["sketch"])
    assert words(dialogue)["striped"] == "leak"
    assert dialogue.word_findings.get(word="pencil").supported


def test_a_word_that_is_said_twice_is_taken_out_at_both_places(approved: Approved) -> None:
    dialogue = approved("striped lighthouse, striped", "a lighthouse", "show it again")
    leaks = dialogue.word_findings.filter(trait=Trait.LEAK).order_by("start")
    assert [(word.start, word.rank_without) for word in leaks] == [(0, 12), (20, 12)]


def test_words_of_scripts_without_spaces_are_looked_at_one_by_one(
    dataset: Dataset, approved: Approved
) -> None:
    captions = {"k": "空と海と灯台と虹", **{f"k-{n}": "白い灯台" for n in range(3)}}
    for name, caption in captions.items():
        Image.objects.create(dataset=dataset, external_id=name, caption=caption, added_version=1)
    dialogue = approved("虹のある灯台", "灯台を見た", "もう一度見せて", target_images=["k"])
    assert words(dialogue)["虹"] == "leak"
    assert dialogue.word_findings.get(word="灯台").supported


def test_a_text_without_a_word_reads_as_one_without_it() -> None:
    text = "an old, striped lighthouse"
    words = {word.root: word for word in Supporting([], ()).words(text)}
    (place,) = words["stripe"].places
    assert without(text, [(place.start, place.end)]) == "an old, lighthouse"
    assert without("虹のある灯台", [(0, 1)]) == "のある灯台"
    assert without("striped", [(0, 7)]) == ""


@pytest.mark.parametrize(
    ("with_it", "without_it", "did"),
    [
        ((2, 1), (40, 1), Effect.HELPS),
        ((40, 1), (2, 1), Effect.HURTS),
        ((850, 1), (900, 1), Effect.NONE),
        ((1, 1), (1, 2), Effect.HELPS),
        ((1, 1000), (1, 1000), Effect.NONE),
    ],
)
def test_a_word_has_an_effect_where_the_expected_reciprocal_rank_differs_by_more_than_the_margin(
    with_it: tuple[int, int], without_it: tuple[int, int], did: Effect
) -> None:
    assert effect(with_it, without_it, margin=0.001) == did


def test_each_checked_dialogue_is_of_one_stratum_or_counted_as_unranked(
    dataset: Dataset, approved: Approved
) -> None:
    needs = approved("striped lighthouse", "it is striped", "show that lighthouse", name="needs")
    short = approved("striped lighthouse", "a lighthouse", "the striped one", name="short")
    lost = approved("a white lighthouse", "it is white", "show that lighthouse", name="lost")
    shown = approved("a lighthouse", "this", "again", name="shown", shown=["striped"])
    free = approved("a lighthouse", "this", "again", name="free", target_images=[])
    assert "history-required" in needs.traits
    assert "shortcut" in short.traits
    assert "unresolved" in lost.traits
    assert (shown.traits, free.traits) == ([], [])
    assert not Dialogue.objects.filter(traits_due=True).exists()
    found = deceiving.tally(dataset)
    assert (found.approved, found.checked, found.unranked) == (5, 4, 1)
    assert (found.without_target, found.awaiting) == (1, 0)
    assert [found.traits[trait] for trait in ("shortcut", "history-required", "unresolved")] == [
        1,
        1,
        1,
    ]


def test_a_query_that_fits_all_images_alike_is_no_shortcut_in_a_small_corpus(
    approved: Approved,
) -> None:
    assert "shortcut" not in approved("striped", "striped", "once more").traits


def test_a_rewrite_that_says_what_the_final_query_says_is_unchanged(approved: Approved) -> None:
    assert "unchanged" in approved("Show a striped one.", "hello", "show the striped one").traits
    assert "unchanged" not in approved("striped", "hello", "show it", name="d-2").traits


def test_candidates_whose_ranks_lie_a_factor_of_ten_apart_are_unstable(
    dataset: Dataset, approved: Approved
) -> None:
    dialogue = approved("striped lighthouse", "a lighthouse", "show it again")
    assert "unstable" not in dialogue.traits
    author = intake.Provenance(author="other", kind=CandidateKind.MODEL)
    intake.add_candidates(dialogue_id=dialogue.pk, texts=["a lighthouse"], by=author, round=0)
    approve(dialogue, dialogue.approved_candidate_id or 0)
    RetrievalCheck.objects.all().delete()
    settle(dataset)
    dialogue.refresh_from_db()
    assert "unstable" in dialogue.traits


def test_what_is_taken_back_deceives_no_more_but_stays_too_broad(approved: Approved) -> None:
    dialogue = approved("striped lighthouse", "a lighthouse", "show it again")
    Dialogue.objects.update(traits=[*dialogue.traits, "too-broad"])
    dialogue.refresh_from_db()
    reopen(dialogue)
    dialogue.refresh_from_db()
    assert dialogue.traits == ["too-broad"]
    assert not dialogue.traits_due


def test_a_person_who_points_to_a_turn_supports_a_word_until_they_take_it_back(
    approved: Approved, carol: User, bob: User, dave: User
) -> None:
    dialogue = approved("striped lighthouse", "a barber's pole, in big", "show it again")
    said = {"dialogue": dialogue, "word": "Striped", "turn": 0}
    with pytest.raises(NotAllowed):
        deceiving.support(**said, by=dave)
    with pytest.raises(Invalid, match="no content word"):
        deceiving.support(**{**said, "word": "stripy"}, by=carol)
    with pytest.raises(Invalid, match="no turn 2"):
        deceiving.support(**{**said, "turn": 2}, by=carol)
    support = deceiving.support(**said, by=carol)
    assert deceiving.support(**said, by=carol) == support
    dialogue.refresh_from_db()
    assert "leak" not in dialogue.traits
    assert words(dialogue)["striped"] == ""
    with pytest.raises(NotAllowed):
        deceiving.withdraw(dialogue=dialogue, support_id=support.pk, by=bob)
    moved = deceiving.support(**{**said, "turn": 1}, by=carol)
    assert dialogue.word_supports.filter(withdrawn=None).get() == moved
    deceiving.withdraw(dialogue=dialogue, support_id=moved.pk, by=carol)
    dialogue.refresh_from_db()
    assert "leak" in dialogue.traits


def test_the_share_of_the_gain_that_is_leak_is_what_goes_with_all_leaks_together(
    dataset: Dataset, approved: Approved, carol: User
) -> None:
    # Each of the two words alone finds the target: only without both is it lost again.
    said = ("a lighthouse", "show that lighthouse")
    both = approved("striped brick lighthouse", *said, name="both")
    assert words(both) == {"striped": "", "brick": "", "lighthouse": "padding"}
    leaky = approved("striped lighthouse", *said, name="leaky")
    fair = approved("lighthouse, dusk", "at dusk", "show that lighthouse", name="fair")
    found = deceiving.leak_share(dataset)
    assert (found.n, found.leaking, found.unranked, found.unlooked) == (3, 1, 0, 0)
    assert found.rr
    assert found.recall
    # Each gains 1 - 1/12, of the leaky one nothing is left; nor of R@10, which is 0 at rank 12.
    assert found.rr.gain == pytest.approx(11 / 12)
    assert found.rr.share == pytest.approx(1 / 3)
    assert found.recall.left == pytest.approx(2 / 3)
    deceiving.support(dialogue=leaky, word="striped", turn=0, by=carol)
    again = deceiving.leak_share(dataset)
    assert again.leaking == 0
    assert again.rr
    assert again.rr.share == pytest.approx(0)
    assert fair.traits == ["history-required", "padding"]


def test_what_is_found_is_found_once_and_renewed_with_the_corpus(
    dataset: Dataset, approved: Approved
) -> None:
    dialogue = approved("striped lighthouse", "a lighthouse", "show it again")
    before = set(WordFinding.objects.values_list("pk", flat=True))
    Dialogue.objects.update(traits_due=True)
    settle(dataset)
    assert set(WordFinding.objects.values_list("pk", flat=True)) == before
    Image.objects.create(
        dataset=dataset, external_id="new", caption="a striped lighthouse", added_version=2
    )
    Dataset.objects.filter(pk=dataset.pk).update(corpus_version=2)
    Dialogue.objects.update(checks_due=True)
    settle(dataset)
    found = dialogue.word_findings.filter(corpus_version=2).get(word="striped")
    assert (found.rank, found.trait) == (2, "leak")


def test_looking_at_many_asks_as_often_as_looking_at_one(
    dataset: Dataset, approved: Approved
) -> None:
    def asked() -> int:
        WordFinding.objects.all().delete()
        RetrievalCheck.objects.filter(form="without_leaks").delete()
        Dialogue.objects.update(traits_due=True)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            deceiving.drain(dataset.pk)
        return len(captured)

    approved("striped lighthouse", "a lighthouse", "show it again", name="d-0")
    alone = asked()
    for n in range(1, 6):
        approved("striped lighthouse", "a lighthouse", "show it again", name=f"d-{n}")
    assert asked() == alone


def test_lists_and_runs_are_narrowed_to_a_trait_by_those_who_may_see_it(
    dataset: Dataset,
    approved: Approved,
    alice: User,
    carol: User,
    client_of: Callable[[User], Client],
    program_of: Callable[[User], Client],
) -> None:
    approved("striped lighthouse", "a lighthouse", "show it again", name="leaky")
    approved("striped lighthouse", "a striped one", "show it again", name="fair")
    page = client_of(carol).get("/datasets/coast/dialogues/?trait=leak")
    assert [row.dialogue.external_id for row in page.context["rows"]] == ["leaky"]
    assert "Leaks the target" in page.content.decode()
    assert page.context["selection"] == "?trait=leak"
    assert not client_of(alice).get("/datasets/coast/dialogues/?trait=leak").context["rows"]
    address = "/api/v1/datasets/coast/dialogues/?trait=leak"
    assert [d["id"] for d in program_of(carol).get(address).json()["results"]] == ["leaky"]
    assert program_of(alice).get(address).json()["results"] == []
    assert [d.external_id for d in Selection(trait="leak").of(dataset)] == ["leaky"]
    with pytest.raises(Invalid, match="no trait"):
        Selection(trait="leaky").check(dataset)


def test_the_panel_marks_words_in_place_and_takes_the_turn_that_means_one(
    approved: Approved,
    alice: User,
    carol: User,
    client_of: Callable[[User], Client],
) -> None:
    approved("striped lighthouse", "a barber's pole, in big", "show it again", name="set/d 1")
    browser, address = client_of(carol), "/datasets/coast/deceptions/set/d 1/"
    assert 'href="/datasets/coast/deceptions/set/d%201/"' in (
        browser.get("/datasets/coast/dialogues/set/d 1/").content.decode()
    )
    headers = {"HX-Request": "true"}
    panel = browser.get(address, headers=headers).content.decode()
    assert '<mark class="leak">striped <small>▲ leak</small></mark>' in panel
    assert "“striped” is said nowhere and lifts the target from 12th to 1st: a leak." in panel
    assert "Needs its history" in panel
    # One who may still be handed it sees nothing of it, and changes nothing.
    other = client_of(alice)
    assert other.get(address, headers=headers).content == b""
    assert other.post(address, {"word": "striped", "turn": 0}).status_code == 403
    refused = browser.post(address, {"word": "striped", "turn": ""}, headers=headers)
    assert (refused.status_code, "Choose the turn" in refused.content.decode()) == (400, True)
    after = browser.post(address, {"word": "striped", "turn": 0}, headers=headers).content.decode()
    assert "has its turn and lifts the target" in after
    assert "Turn 1 means it, says carol" in after
    assert "<mark" not in after.split("lighthouse")[0]
    support = Dialogue.objects.get().word_supports.get()
    taken = browser.post(f"{address}supports/{support.pk}/withdraw/")
    assert (taken.status_code, taken.headers["Location"]) == (302, address.replace(" ", "%20"))
    assert 'class="leak"' in browser.get(address).content.decode()


def test_a_program_reads_what_deceives_and_points_words_to_turns(
    approved: Approved, alice: User, carol: User, program_of: Callable[[User], Client]
) -> None:
    approved("striped lighthouse", "a barber's pole, in big", "show it again")
    program, address = program_of(carol), "/api/v1/datasets/coast/dialogues/d-1/"
    read = program.get(address).json()
    assert "leak" in read["traits"]
    assert [word["trait"] for word in read["words"]] == ["leak", ""]
    hidden = program_of(alice).get(address).json()
    assert (hidden["traits"], hidden["words"], hidden["supports"]) == ([], [], [])
    json = {"content_type": "application/json"}
    made = program.post(f"{address}supports/", {"word": "striped", "turn": 0}, **json)
    assert (made.status_code, made.json()["by"]) == (201, "carol")
    assert "leak" not in program.get(address).json()["traits"]
    assert program.post(f"{address}supports/", {"word": "x", "turn": 0}, **json).status_code == 400
    assert program.delete(f"{address}supports/{made.json()['id']}/").status_code == 204
    assert program.get(address).json()["supports"] == []


def test_a_release_carries_what_deceives_and_comes_back(
    dataset: Dataset, approved: Approved, carol: User, tmp_path: Path
) -> None:
    dialogue = approved("striped old lighthouse", "a barber's pole", "show the old thing again")
    deceiving.support(dialogue=dialogue, word="lighthouse", turn=0, by=carol)
    path = tmp_path / "coast-1.jsonl"
    release = write_release(dataset=dataset, by=None, out=path)
    line = orjson.loads(path.read_bytes())
    assert line["traits"] == ["history-required", "leak", "padding"]
    leak = line["words"][0]
    assert (leak["word"], leak["start"], leak["end"], leak["trait"]) == ("striped", 0, 7, "leak")
    assert (leak["rank"], leak["rank_without"]) == (1, 12)
    (support,) = line["supports"]
    assert (support["word"], support["turn"]) == ("lighthouse", 0)
    assert support["by"].startswith("reviewer-")
    assert line["rank_spread"] == dialogue.rank_spread
    assert (release.manifest["traits"]["leak"], release.manifest["traits"]["shortcut"]) == (1, 0)
    assert import_dialogues(dataset="again", path=path).dialogues.created == 1
    noted = Dialogue.objects.get(dataset__slug="again").metadata["curated"]
    assert noted["words"] == line["words"]
    assert noted["traits"] == line["traits"]


def test_another_primary_looks_at_everything_anew(
    dataset: Dataset, approved: Approved, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KINDS, "dense", CheapKind(CheapEncoder()))
    dialogue = approved("striped lighthouse", "a lighthouse", "show it again")
    old = configured(dataset)[0]
    new = add_retriever(dataset=dataset, name="dense", kind="dense", wanted=Wanted())
    fill_vectors.apply(args=[new.pk], throw=True)
    Dialogue.objects.update(checks_due=True)
    settle(dataset)
    # Only the primary looks at words.
    assert set(dialogue.word_findings.values_list("retriever", flat=True)) == {"bm25"}
    make_primary(retriever=new)
    assert Dialogue.objects.get().traits_due
    settle(dataset)
    assert dialogue.word_findings.filter(retriever="dense").count() == 2
    assert deceiving.leak_share(dataset).retriever == "dense"
    retire_retriever(retriever=old)
    assert Dialogue.objects.get().traits_due


def test_what_can_wait_lets_fresh_approvals_pass(
    dataset: Dataset, approved: Approved, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draining, "BATCH", 1)
    for n in range(3):
        approved("striped lighthouse", "a lighthouse", "show it again", name=f"d-{n}")
    Dialogue.objects.update(traits_due=True)
    first = Dialogue.objects.earliest("pk")
    Dialogue.objects.filter(pk=first.pk).update(
        checks_due=True, checked_at=None, settled_at=timezone.now()
    )
    drain_traits(dataset.pk)
    assert Dialogue.objects.filter(traits_due=True).count() == 2
    Dialogue.objects.update(settled_at=timezone.now() - timedelta(minutes=1))
    Dialogue.objects.update(traits_due=True, checked_at=timezone.now())
    drain_traits(dataset.pk)
    assert not Dialogue.objects.filter(traits_due=True).exists()
