from django.db import migrations

# As `generation.checks.checking.rank_spread` has it, from the candidates' ranks as last checked;
# what people wrote came after the choice that a spread is there for.
SPREADS = """
UPDATE review_dialogue SET rank_spread = latest.spread
FROM (
    SELECT DISTINCT ON (dialogue_id) dialogue_id, spread
    FROM (
        SELECT checks.dialogue_id,
               stddev_pop(ln(checks.rank + (checks.tied - 1) / 2.0)) AS spread,
               max(checks.id) AS newest
        FROM review_retrievalcheck AS checks
        JOIN review_candidate AS candidate ON candidate.id = checks.candidate_id
        WHERE checks.form = 'candidate' AND checks.rank IS NOT NULL AND candidate.kind <> 'person'
        GROUP BY checks.dialogue_id, checks.retriever_hash, checks.corpus_version
        HAVING count(*) > 1
    ) AS found
    ORDER BY dialogue_id, newest DESC
) AS latest
WHERE latest.dialogue_id = review_dialogue.id
  AND review_dialogue.rank_spread IS NULL
  AND review_dialogue.stage = 'approved'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("review", "0021_image_unhashed"),
    ]

    operations = [
        migrations.RunSQL(SPREADS, migrations.RunSQL.noop),
    ]
