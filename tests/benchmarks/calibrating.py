"""Calibration at 100,000 dialogues: looking ahead, drawing, reckoning, and the pages.

Of 120,000 dialogues with three candidates, each scored by two judges on five criteria, 20,000 are
drawn in waves and decided; reviewers decide the other 100,000, a tenth of them at blind places.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import Figure
from tests.benchmarks.pictures import PROJECT, _manage, _record

DIALOGUES = 120_000
WAVE = 2_000
REST = 18_000
ASKED = 40
# By the database itself: an import of so many takes minutes.
FILL = """
from django.db import connection
from review.models import Dataset, Membership, User

dataset = Dataset.objects.create(slug="bench", title="Bench", arms={{"blind": 0.1}})
for n in range(20):
    user = User.objects.create_user(f"bench-{{n}}")
    Membership.objects.create(dataset=dataset, user=user, role="admin")
statements = '''
INSERT INTO review_dialogue (dataset_id, external_id, turns, final_query, target_images, metadata,
  content_hash, stage, round, note_to_models, places_taken, panel_score, disagreement, language,
  approval, check_outcome, released)
SELECT {{dataset}}, 'd-' || n,
  (SELECT jsonb_agg('{{{{"role": "user", "text": "that one"}}}}'::jsonb)
   FROM generate_series(0, n % 9)), 'that one', '{{{{}}}}',
  jsonb_build_object('source', 'part-' || n % 7), n, 'judged', 0, '', 0, 3, random(),
  (ARRAY['en', 'de', 'fr', 'ja'])[1 + n % 4], '', '', false
FROM generate_series(1, {dialogues}) n;
INSERT INTO review_candidate (dialogue_id, text, text_key, author, kind, model, family, prompt_hash,
  also_by, round)
SELECT d.id, 'text ' || r, 'key-' || r, 'writer-' || r, 'model', '', '', 'p', '[]', 0
FROM review_dialogue d, generate_series(0, 2) r ORDER BY d.id, r;
INSERT INTO review_judgement (candidate_id, judge, criterion, score, reason, unscored_reason, model,
  family, prompt_hash, offline, imported, self_judged, reversed, created)
SELECT c.id, 'critic-' || j, k, 1 + floor(5 * random() ^ 0.6), 'so it is', '', '', '', 'j', false,
  false, false, false, now() - interval '90 days'
FROM review_candidate c, generate_series(1, 2) j,
  unnest(ARRAY['correctness', 'completeness', 'clarity', 'conciseness', 'groundedness']) k;
UPDATE review_candidate c SET panel_score = s.score, passes = s.score >= 3.5, disagreement = 1
FROM (SELECT candidate_id, avg(score) AS score FROM review_judgement GROUP BY 1) s
WHERE s.candidate_id = c.id;
UPDATE review_dialogue d SET panel_score = s.score
FROM (SELECT dialogue_id, max(panel_score) AS score FROM review_candidate GROUP BY 1) s
WHERE s.dialogue_id = d.id;
ANALYZE;
'''
with connection.cursor() as cursor:
    cursor.execute(statements.format(dataset=dataset.pk))
"""
# As the form asks while somebody fills it in.
PREVIEW = """
import time
from review.calibration.sampling import waves
from review.models import Dataset

dataset = Dataset.objects.get()
took = []
for kind, narrowed in (
    ("uniform", {{}}), ("informative", {{}}), ("uniform", {{"language": "de"}})
):
    began = time.perf_counter()
    waves.preview(dataset, kind=kind, size={wave}, narrowed=narrowed)
    took.append(time.perf_counter() - began)
tell({{"seconds": max(took)}})
"""
DRAW = """
import time
from review.calibration.sampling import drawing, waves
from review.models import Dataset

dataset = Dataset.objects.get()
took = []
for kind, size in (("informative", {wave}), ("uniform", {rest})):
    asked = waves.draw(dataset=dataset, kind=kind, size=size)
    began = time.perf_counter()
    drawing.carry_out(dataset)
    took.append(time.perf_counter() - began)
    asked.refresh_from_db()
    assert asked.drawn_at, asked.failure
tell({{"seconds": took[0]}})
"""
# People accept the more often, the higher the panel's score.
DECIDE = """
from datetime import timedelta
from django.db import connection
from django.utils import timezone
from psycopg.types.json import Jsonb
from review.models import Dataset, Rubric, User, Wave

dataset = Dataset.objects.get()
Rubric.objects.update(created=timezone.now() - timedelta(days=90))
# Before anybody decided on what is in them.
Wave.objects.update(created=timezone.now() - timedelta(days=81))
first = User.objects.order_by("pk").first().pk
places = '''
INSERT INTO review_assignment (dialogue_id, reviewer_id, place, round, state, arm, purpose, drawn,
  claimed_at, expires_at, ended_at, active_seconds, shown, tried, unaided_text, draft, draft_rest,
  draft_revision, sent_back_note)
SELECT d.id, %s + d.id %% 20, 0, 0, 'decided',
  CASE WHEN r.id IS NOT NULL OR random() < 0.1 THEN 'blind' ELSE 'plain' END, 'review',
  r.id IS NOT NULL, now(), now(), now(), 10, '{}', '[]', '', '', '{}', 0, ''
FROM review_dialogue d LEFT JOIN review_drawn r ON r.dialogue_id = d.id
'''
decisions = '''
INSERT INTO review_decision (dialogue_id, assignment_id, reviewer_id, verdict, candidate_id, reason,
  note, findings, override, adjudication, purpose, round, stage_after, seconds, saw, policy,
  idempotency_key, created)
SELECT a.dialogue_id, a.id, a.reviewer_id, 'accept',
  CASE WHEN random() < (t.score - 1) / 4 THEN t.keys[1] ELSE t.keys[2] END, '', '', '{}', '',
  false, 'review', 0, 'approved', 10,
  jsonb_build_object('scores', a.arm = 'plain', 'arm', a.arm, 'candidates',
    (SELECT jsonb_agg(jsonb_build_object('id', k, 'score', null)) FROM unnest(t.keys) k)),
  %s, '', now() - random() * interval '80 days'
FROM review_assignment a JOIN (
  SELECT dialogue_id, array_agg(id ORDER BY panel_score DESC, id) AS keys,
    max(panel_score) AS score
  FROM review_candidate GROUP BY 1
) t ON t.dialogue_id = a.dialogue_id
'''
outcomes = '''
UPDATE review_dialogue d SET stage = 'approved', approved_candidate_id = x.candidate_id,
  approval = 'accepted', drawn_place = NULL, places_taken = 1
FROM review_decision x WHERE x.dialogue_id = d.id
'''
with connection.cursor() as cursor:
    cursor.execute(places, [first])
    cursor.execute(decisions, [Jsonb(dataset.policy())])
    cursor.execute(outcomes)
    cursor.execute("ANALYZE")
"""
RECKON = """
import time
from review.calibration.estimating.stored import CALIBRATION
from review.models import CalibrationReport, Dataset, User

dataset = Dataset.objects.get()
CALIBRATION.ask(dataset=dataset, by=User.objects.first())
began = time.perf_counter()
CALIBRATION.compute(dataset.pk)
took = time.perf_counter() - began
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
data = CalibrationReport.objects.get().data
tell({{
    "seconds": took,
    "megabytes": int(status["VmHWM"].split()[0]) / 1024,
    "waves": data["from_waves"]["overall"]["rate"]["people"]["n"],
    "blind": data["from_blind"]["overall"]["rate"]["people"]["n"],
    "of": data["from_blind"]["overall"]["dialogues"],
}})
"""
ASK = """
import time
from django.test import Client
from review.models import User

browser = Client(SERVER_NAME="127.0.0.1")
browser.force_login(User.objects.first())
found = {{}}
for name, address in (
    ("page", "/datasets/bench/calibration/"),
    ("api", "/api/v1/datasets/bench/calibration/"),
    ("certificate", "/datasets/bench/calibration/certificates/new/"),
):
    assert browser.get(address).status_code == 200
    times = []
    for _ in range({asked}):
        began = time.perf_counter()
        browser.get(address)
        times.append(time.perf_counter() - began)
    found[name] = 1000 * sorted(times)[int(0.95 * {asked}) - 1]
tell(found)
"""
TELL = """
import json
def tell(found):
    print("TOLD " + json.dumps(found))
"""


def run() -> list[Figure]:
    folder = Path(tempfile.mkdtemp(prefix="recqr-bench-"))
    try:
        with _record(folder / "record") as environment:
            _manage(environment, "migrate", "--verbosity", "0")
            _manage(environment, "collectstatic", "--no-input", "--verbosity", "0")
            return _figures(environment)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _figures(environment: dict[str, str]) -> list[Figure]:
    _shell(environment, FILL.format(dialogues=DIALOGUES))
    previewed = _told(environment, PREVIEW.format(wave=WAVE))
    drew = _told(environment, DRAW.format(wave=WAVE, rest=REST))
    _shell(environment, DECIDE)
    reckoned = _told(environment, RECKON.format())
    if reckoned["of"] < 0.8 * DIALOGUES or reckoned["waves"] < 0.9 * (WAVE + REST):
        raise RuntimeError(f"not everything that was decided was reckoned with: {reckoned}")
    asked = _told(environment, ASK.format(asked=ASKED))
    return [
        Figure("previewing a wave", previewed["seconds"], 1, "s", least=False),
        Figure(f"drawing {WAVE:,} of {DIALOGUES:,}", drew["seconds"], 60, "s", least=False),
        Figure("reckoning the report", reckoned["seconds"], 60, "s", least=False),
        Figure("its worker's peak memory", reckoned["megabytes"], 500, "MB", least=False),
        Figure("the page, p95", asked["page"], 300, "ms", least=False),
        Figure("the API, p95", asked["api"], 300, "ms", least=False),
        Figure("previewing a test, p95", asked["certificate"], 1000, "ms", least=False),
    ]


def _told(environment: dict[str, str], script: str) -> dict[str, Any]:
    last = _shell(environment, TELL + script).splitlines()[-1]
    found: dict[str, Any] = json.loads(last.removeprefix("TOLD "))
    return found


def _shell(environment: dict[str, str], script: str) -> str:
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", script]
    done = subprocess.run(
        command, cwd=PROJECT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout
