"""The rank of the target without each content word of a rewrite."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Min
from django.utils import timezone

from generation.deceiving.words import SaidWord, Supporting, without
from generation.retrievers import Index, Retriever
from generation.retrievers.corpora import index_of
from generation.searching import Found, Quest, Ranked, Search
from review import findings
from review.models import Candidate, Dataset, Dialogue, QueryForm, RetrievalCheck, WordFinding
from review.models.candidates import text_key


@dataclass(frozen=True)
class Leaking:
    """A rewrite whose rank without all its leaks is not known yet."""

    dialogue: Dialogue
    text: str


@dataclass(frozen=True)
class _Case:
    """An approved rewrite with its check by the retriever that looks at it."""

    dialogue: Dialogue
    rewrite: Candidate
    check: RetrievalCheck
    words: list[SaidWord]
    search: Search

    def texts(self) -> Iterator[str]:
        """The rewrite without each of its words."""
        for word in self.words:
            yield without(self.rewrite.text, [(place.start, place.end) for place in word.places])


def measure(dataset: Dataset, dialogues: Sequence[Dialogue], retriever: Retriever) -> None:
    """Ranks the targets of approved dialogues for the rewrite without each of its words, in one
    search, and keeps it; what is known since the last check stays as it is.

    Only where the retriever has checked the rewrite in the present corpus, and ranks a target: an
    outdated check waits for a run that renews it. Raises `NotReady` where it cannot search.
    """
    version, index = index_of(dataset, retriever)
    checks = _checks(dataset, dialogues, retriever, version)
    known = _known(dialogues, retriever, version)
    cases = [
        _case(one, rewrite, checks[rewrite.pk], _search(dataset, one, index))
        for one in dialogues
        if one.pk not in known and (rewrite := one.approved_candidate) is not None
        if rewrite.pk in checks
    ]
    pairs = [(case.search, text) for case in cases for text in case.texts()]
    rows = iter(_searched(pairs, index, retriever))
    findings.record_words(
        [(case.dialogue, [*_findings(case, rows, retriever, version)]) for case in cases]
    )


def _case(dialogue: Dialogue, rewrite: Candidate, check: RetrievalCheck, search: Search) -> _Case:
    # Who supports a word is read later: it does not change what is searched with.
    words = Supporting(dialogue.turns, ()).words(rewrite.text)
    return _Case(dialogue, rewrite, check, words, search)


def _checks(
    dataset: Dataset, dialogues: Sequence[Dialogue], retriever: Retriever, version: int
) -> dict[int | None, RetrievalCheck]:
    """The checks of approved rewrites that have a rank, by the candidate."""
    rows = RetrievalCheck.objects.filter(
        form=QueryForm.REWRITE,
        candidate__in=[one.approved_candidate_id for one in dialogues],
        retriever_hash=retriever.hash,
        corpus_version=version,
        leaves_out=dataset.leave_out_shown,
        rank__isnull=False,
    )
    return {row.candidate_id: row for row in rows.defer("top", "ranks")}


def measure_without_leaks(
    dataset: Dataset, leaking: Sequence[Leaking], retriever: Retriever
) -> None:
    """Ranks the targets for rewrites without any of their leaks, and keeps it as checks."""
    version, index = index_of(dataset, retriever)
    pairs = [(_search(dataset, one.dialogue, index), one.text) for one in leaking]
    found = _searched(pairs, index, retriever)
    findings.record_without_leaks(
        [
            (one.dialogue, _check(dataset, one, result, search, retriever, version))
            for one, (search, _), result in zip(leaking, pairs, found, strict=True)
        ]
    )


def _searched(
    pairs: Sequence[tuple[Search, str]], index: Index, retriever: Retriever
) -> list[Found]:
    """What texts find, each for a quest of its own, all looked up at once.

    A text of which nothing is left is not searched with: it fits all images alike.
    """
    asked = [(search, text) for search, text in pairs if text.strip()]
    queries = retriever.queries([text for _, text in asked])
    hits = index.search(queries, [search.sought for search, _ in asked])
    told = iter(
        search.told(queries, place, one)
        for place, ((search, _), one) in enumerate(zip(asked, hits, strict=True))
    )
    return [next(told) if text.strip() else _nothing(search) for search, text in pairs]


def _nothing(search: Search) -> Found:
    return Found("", search.ranked_images, rank=1, tied=search.ranked_images)


def _search(dataset: Dataset, dialogue: Dialogue, index: Index) -> Search:
    return Search(Quest.of(dialogue), index, leaves_out=dataset.leave_out_shown)


def _known(dialogues: Sequence[Dialogue], retriever: Retriever, version: int) -> set[int]:
    """The keys of those whose words were looked at after their last check."""
    rows = WordFinding.objects.filter(
        candidate__in=[one.approved_candidate_id for one in dialogues],
        retriever_hash=retriever.hash,
        corpus_version=version,
    )
    made = dict(rows.values_list("candidate").annotate(Min("created")))
    return {
        one.pk
        for one in dialogues
        if one.checked_at and (when := made.get(one.approved_candidate_id)) is not None
        if when >= one.checked_at
    }


def _findings(
    case: _Case, found: Iterator[Found], retriever: Retriever, version: int
) -> Iterator[WordFinding]:
    """A row for each place of each word; none where the rewrite without it cannot be searched
    with. What it means is read when supports are known."""
    rank, tied = _place(case.check)
    for word in case.words:
        without_it = next(found)
        if without_it.unranked_reason:
            continue
        rank_without, tied_without = _place(without_it)
        for place in word.places:
            yield WordFinding(
                dialogue=case.dialogue,
                candidate=case.rewrite,
                retriever=retriever.name,
                retriever_hash=retriever.hash,
                corpus_version=version,
                word=place.text,
                start=place.start,
                end=place.end,
                supported=True,
                rank=rank,
                tied=tied,
                rank_without=rank_without,
                tied_without=tied_without,
                created=timezone.now(),
            )


def _place(ranked: Ranked) -> tuple[int, int]:
    if ranked.rank is None or ranked.tied is None:
        raise ValueError("What its check ranks has a rank in the same corpus")
    return ranked.rank, ranked.tied


def _check(
    dataset: Dataset,
    one: Leaking,
    found: Found,
    search: Search,
    retriever: Retriever,
    version: int,
) -> RetrievalCheck:
    return RetrievalCheck(
        dialogue=one.dialogue,
        candidate_id=one.dialogue.approved_candidate_id,
        form=QueryForm.WITHOUT_LEAKS,
        text_key=text_key(one.text),
        retriever=retriever.name,
        retriever_hash=retriever.hash,
        corpus_version=version,
        corpus_size=found.corpus_size,
        left_out=search.left_out,
        leaves_out=dataset.leave_out_shown,
        margin=dataset.check_margin,
        **found.facts(),
        created=timezone.now(),
    )
