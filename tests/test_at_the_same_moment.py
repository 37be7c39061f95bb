"""What an admin changes while somebody else is half-way through a change of their own."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from time import sleep
from typing import Any

import pytest
from django.db import connection, transaction

from review import policy
from review.decisions import decide
from review.discussion.sending_back import send_back
from review.models import Assignment, Dataset, Dialogue, Stage, User, Verdict
from review.people.membership import pause
from review.places import holding
from review.policy import effects
from review.rulings import Ruling

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def beside(does: Callable[[], Any]) -> Iterator[Future[Any]]:
    """`does` runs on a connection of its own, and has had time to come as far as it can."""

    def alone() -> Any:
        try:
            return does()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(alone)
        sleep(0.3)
        yield future


def test_what_is_sent_back_to_somebody_paused_at_that_moment_is_free_again(
    dataset: Dataset,
    alice: User,
    bob: User,
    carol: User,
    dialogue: Dialogue,
    claim: Callable[[User], Assignment],
) -> None:
    place = claim(alice)
    chosen = dialogue.candidates.earliest("pk")
    ruling = Ruling(Verdict.ACCEPT, candidate_id=chosen.pk)
    decision = decide(assignment=place, ruling=ruling, by=alice)
    member = dataset.memberships.get(user=alice)
    with ExitStack() as stack, transaction.atomic():
        send_back(decision=decision, comment="The sky?", by=bob)
        paused = stack.enter_context(
            beside(lambda: pause(membership=member, paused=True, by=carol))
        )
        assert not paused.done()
    paused.result()
    assert holding.held_in(dataset) == []


def test_what_an_import_wrote_while_the_order_changed_stands_in_the_new_order(
    dataset: Dataset, carol: User, make_dialogue: Callable[..., Dialogue]
) -> None:
    def change() -> None:
        policy.save(dataset=dataset, changes={"queue_order": "random"}, by=carol)
        policy.catch_up(Dataset.objects.get(pk=dataset.pk))

    make_dialogue("d-1")
    with ExitStack() as stack, transaction.atomic():
        late = make_dialogue("d-2", stage=Stage.PROPOSED)
        changed = stack.enter_context(beside(change))
    changed.result()
    late.refresh_from_db()
    assert late.queue_key != 0
    assert not policy.awaiting().exists()


def test_an_order_waits_for_nobody_who_writes_other_things(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effects, "LONGEST_WAIT", 0.1)
    with transaction.atomic():
        Dataset.objects.filter(pk=dataset.pk).update(title="written meanwhile")
        with beside(effects._older_writers_ended) as ended:
            assert ended.result() is True


def test_an_order_that_may_have_missed_a_dialogue_is_made_again(
    dataset: Dataset, carol: User, dialogue: Dialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effects, "LONGEST_WAIT", 0.1)
    policy.save(dataset=dataset, changes={"queue_order": "random"}, by=carol)
    with transaction.atomic():
        Dialogue.objects.filter(pk=dialogue.pk).update(final_query="written meanwhile")
        with beside(effects._older_writers_ended) as ended:
            assert ended.result() is False
    policy.catch_up(dataset)
    assert not policy.awaiting().exists()
