"""A dataset made by the database itself, in seconds where an import would take minutes."""

import base64
import hashlib
from dataclasses import dataclass

import psycopg

SLUG = "load"
IMAGES = 500
PASSWORD = "lighthouse-on-the-coast"

STATEMENTS = """
INSERT INTO review_dataset (slug, title, created, decisions_needed, needs_scores,
  dispute_when_worse, hide_authors, hide_scores, hide_until, shuffle_candidates, queue_order,
  queue_ordered, takers, arms, validators, most_words, skip_reasons, control_rate,
  control_threshold, quiz_size, quiz_pass, lease_minutes, reject_reasons, guidelines,
  guidelines_version, seed, corpus_version)
VALUES ('{slug}', 'Load', now(), {needed}, false, false, false, false, 'decided', false, 'oldest',
  true, 'members', '{{"blind": 0.1}}', '{{"equal": "warn", "unresolved": "warn", "too-long": "warn",
  "unsupported": "warn"}}', 40, '[{{"code": "unsure", "label": "I cannot tell"}}]', 0, 0.7, 0, 0.8,
  {lease_minutes}, '[{{"code": "unusable", "label": "Unusable", "kind": "dialogue"}}]', '', 1,
  'seed', 1);

INSERT INTO review_user (username, password, is_superuser, is_staff, is_active, first_name,
  last_name, email, date_joined, is_demo, keys)
SELECT 'load-' || n, '{password}', false, false, true, '', '', '', now(), false, '{{}}'
FROM generate_series(1, {reviewers}) n;

INSERT INTO review_membership (dataset_id, user_id, role, paused, languages, guidelines_confirmed)
SELECT d.id, u.id, 'annotator', false, '{{}}', 0 FROM review_dataset d, review_user u
WHERE d.slug = '{slug}' AND u.username LIKE 'load-%';

INSERT INTO review_image (dataset_id, external_id, caption, url, file, sha256, media_type, refused,
  metadata, prepared, added_version, created)
SELECT d.id, 'img-' || n, 'a lighthouse number ' || n || ' at dusk', '', '', '', '', '', '{{}}',
  true, 1, now()
FROM review_dataset d, generate_series(0, {images} - 1) n WHERE d.slug = '{slug}';

INSERT INTO review_dialogue (dataset_id, external_id, turns, final_query, target_images, metadata,
  content_hash, stage, round, note_to_models, places_taken, panel_score, disagreement, language,
  approval, check_outcome, released)
SELECT d.id, 'd-' || n, jsonb_build_array(
    jsonb_build_object('role', 'user', 'text', 'We walked to the lighthouse last summer, ' || n,
      'images', jsonb_build_array('img-' || n % {images})),
    jsonb_build_object('role', 'assistant', 'text', 'The one at the end of the breakwater?'),
    jsonb_build_object('role', 'user', 'text', 'Yes. Do you have a picture of it?'),
    jsonb_build_object('role', 'assistant', 'text', 'I have several, from dawn to dusk.'),
    jsonb_build_object('role', 'user', 'text', 'Can you send me that scene on a cloudy day?')),
  'Can you send me that scene on a cloudy day?', ARRAY['img-' || (n + 1) % {images}], '{{}}',
  md5(n::text), 'judged', 0, '', 0, 5, 0, 'en', '', '', false
FROM review_dataset d, generate_series(1, {dialogues}) n WHERE d.slug = '{slug}' ORDER BY n;

INSERT INTO review_candidate (dialogue_id, text, text_key, author, kind, model, family, prompt_hash,
  also_by, round, panel_score, disagreement, passes)
SELECT d.id, t.words, encode(sha256(t.words::bytea), 'hex'), 'writer-' || t.rank, 'model', '', '',
  'p', '[]', 0, 5 - t.rank / 3.0, 0, true
FROM review_dialogue d JOIN review_dataset s ON s.id = d.dataset_id AND s.slug = '{slug}'
CROSS JOIN (VALUES (0, 'the lighthouse at the end of the breakwater on a cloudy day'),
  (1, 'a lighthouse on a cloudy day'), (2, 'scene on a cloudy day')) t(rank, words)
ORDER BY d.id, t.rank;

INSERT INTO review_judgement (candidate_id, judge, criterion, score, reason, unscored_reason, model,
  family, prompt_hash, offline, imported, self_judged, reversed)
SELECT c.id, 'critic', k, 4, 'It says what was meant, and keeps to the dialogue.', '', '', '', 'j',
  false, false, false, false
FROM (SELECT c.id FROM review_candidate c JOIN review_dialogue d ON d.id = c.dialogue_id
  JOIN review_dataset s ON s.id = d.dataset_id AND s.slug = '{slug}'
  ORDER BY c.id LIMIT {judged}) c
CROSS JOIN unnest(ARRAY['correctness', 'completeness', 'clarity', 'conciseness', 'groundedness']) k;

ANALYZE;
"""


@dataclass(frozen=True)
class Filling:
    """What to make. Judgements are made of the first `judged` dialogues alone: of those that will
    be handed out."""

    dialogues: int
    reviewers: int
    needed: int = 1
    judged: int = 20_000
    lease_minutes: int = 30


def password() -> str:
    """What all reviewers sign in with; quick to check, which says nothing of the desk."""
    digest = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), b"salt", 1)
    return f"pbkdf2_sha256$1$salt${base64.b64encode(digest).decode()}"


def fill(link: psycopg.Connection, filling: Filling) -> list[str]:
    """Makes the dataset; gives the tokens of its reviewers."""
    link.execute(
        STATEMENTS.format(  # type: ignore[call-overload]
            slug=SLUG,
            images=IMAGES,
            needed=filling.needed,
            reviewers=filling.reviewers,
            dialogues=filling.dialogues,
            judged=3 * min(filling.judged, filling.dialogues),
            lease_minutes=filling.lease_minutes,
            password=password(),
        )
    )
    return [_token(link, number) for number in range(1, filling.reviewers + 1)]


def _token(link: psycopg.Connection, number: int) -> str:
    secret = f"recqr_load_{number}"
    digest = hashlib.sha256(secret.encode()).hexdigest()
    link.execute(
        "INSERT INTO review_apitoken (user_id, digest, created)"
        " SELECT id, %s, now() FROM review_user WHERE username = %s",
        (digest, f"load-{number}"),
    )
    return secret
