"""Draws waves that were asked for: one worker at a time in a dataset, and each wave at one moment.

Reading what it is drawn from takes half a minute for 100,000 dialogues, during which nothing is
locked.
"""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from review import bulk, reports, rubrics
from review.calibration.conditions import rubric_of
from review.calibration.sampling import frames, selection
from review.calibration.sampling.frames import Frame
from review.calibration.sampling.waves import conditions_of, place_of, probability_of
from review.errors import Conflict, Invalid
from review.locking import held
from review.models import CalibrationReport, Candidate, Dataset, Dialogue, Drawn, Wave

# The first number of PostgreSQL's advisory locks on drawing, one lock per dataset.
DRAWING = 20_260_331
# Far more than it takes; the sweep leaves alone what a worker is at.
LEASE = timedelta(minutes=10)
# How often a draw begins anew where what it drew was imported with other turns meanwhile.
TRIES = 3


def carry_out(dataset: Dataset) -> None:
    """Draws the waves of a dataset that were asked for, in their order, unless another worker is
    at it: then that one, or the sweep after it, comes to what was asked for since. So does the
    sweep where scores are still those of an earlier rubric."""
    with held(DRAWING, dataset.pk) as is_ours:
        while is_ours and not _scores_are_old(dataset):
            # Whoever had it leased is dead, or they would have the lock.
            wave = dataset.waves.being_drawn().first()
            if wave is None:
                return
            _carry_out(wave)


def _carry_out(wave: Wave) -> None:
    Wave.objects.filter(pk=wave.pk).update(leased_until=timezone.now() + LEASE)
    try:
        for _ in range(TRIES):
            if _drawn_now(wave):
                # What is not small enough to be reckoned at once is so by the sweep.
                reports.ask(CalibrationReport, dataset=wave.dataset)
                return
            if _scores_are_old(wave.dataset):
                Wave.objects.filter(pk=wave.pk).update(leased_until=None)
                return
        raise Conflict("What was drawn was imported anew each time. Draw it once that has ended.")
    except (Invalid, Conflict) as refused:
        Wave.objects.filter(pk=wave.pk).update(failure=str(refused), leased_until=None)
    except Exception:
        # Whoever waits must learn of it; what went wrong stands in the worker's log.
        Wave.objects.filter(pk=wave.pk).update(failure=reports.FAILED, leased_until=None)
        raise


def _scores_are_old(dataset: Dataset) -> bool:
    """Whether they are being reckoned anew: of the rubric in force a score would say nothing."""
    return rubrics.awaiting().filter(pk=dataset.pk).exists()


def _drawn_now(wave: Wave) -> bool:
    """False where something of what was drawn is gone, or another rubric is in force since."""
    now = conditions_of(wave.dataset)
    rows = frames.read(wave.dataset, now, wave.narrowed)
    probability = probability_of(wave, rows)
    order = selection.chosen(wave, rows.names, probability)
    marks = rubrics.current(wave.dataset).pass_marks()
    tops = frames.tops_by_criterion(rows, {rows.keys[i] for i in order}, marks)
    wave.frame = Frame(
        overall=frames.overall(rows),
        slices=frames.parts_by_slice(rows),
        criteria=tops.parts,
        bins=frames.bins(rows),
        left_out=rows.left_out,
        drawn=len(order),
        expected=float(probability.sum()),
        lowest=float(probability.min()),
        highest=float(probability.max()),
    ).as_json()
    wave.conditions, wave.conditions_hash = now.as_json(), now.hash
    made = [
        Drawn(
            wave=wave,
            dialogue_id=rows.keys[i],
            probability=min(1.0, float(probability[i])),
            place=place,
            round=rows.rounds[i],
            candidate_id=rows.panels[i].candidate,
            score=rows.panels[i].score,
            passes=rows.panels[i].passes,
            by_criterion=tops.wanted[rows.keys[i]],
            slices=rows.slices[i],
        )
        for place, i in enumerate(order)
    ]
    return _written_down(wave, made)


@transaction.atomic
def _written_down(wave: Wave, made: Sequence[Drawn]) -> bool:
    """All at once: who dies before leaves nothing half drawn.

    Only what was drawn is locked, and claims pass over what is locked. What came to a reviewer
    since the frame was read is drawn all the same, or being quick would change what is in the
    sample: it counts as missing, unless they decided without seeing the scores.
    """
    rows = Dialogue.objects.select_for_update().filter(pk__in=[one.dialogue_id for one in made])
    dialogues = {row.pk: row for row in rows.order_by("pk")}
    candidates = {one.candidate_id for one in made if one.candidate_id is not None}
    if len(dialogues) < len(made) or _gone(candidates):
        return False
    if rubric_of(rubrics.current(wave.dataset)) != wave.conditions["rubric"]:
        return False
    bulk.insert(made)
    waiting = [
        Dialogue(pk=one.dialogue_id, drawn_place=place_of(wave, one))
        for one in made
        if dialogues[one.dialogue_id].round == one.round
    ]
    bulk.update(waiting, ["drawn_place"])
    wave.drawn_at, wave.leased_until = timezone.now(), None
    wave.save(update_fields=["frame", "conditions", "conditions_hash", "drawn_at", "leased_until"])
    return True


def _gone(candidates: set[int]) -> bool:
    """A new import took some; while their dialogues are locked, none can."""
    return Candidate.objects.filter(pk__in=candidates).count() < len(candidates)
