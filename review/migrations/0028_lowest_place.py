from django.db import migrations, models

# Of checks made before.
TOLD_BY_CHECKS = """
UPDATE review_dialogue SET lowest_place = coalesce(
    (
        SELECT max(rank) FROM review_retrievalcheck
        WHERE dialogue_id = review_dialogue.id AND form = 'rewrite'
            AND candidate_id = review_dialogue.approved_candidate_id
    ),
    0
)
WHERE stage = 'approved' AND checked_at IS NOT NULL AND EXISTS (
    SELECT 1 FROM review_retrievalcheck
    WHERE dialogue_id = review_dialogue.id AND (tied IS NULL OR tied < corpus_size)
        AND (
            (rank > 1 AND top <> '[]')
            OR jsonb_path_exists(
                top,
                'strict $[*] ? (@[1] != 0 && !(@[0] == $targets[*]))',
                jsonb_build_object('targets', target_images)
            )
        )
)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("review", "0027_checked_as"),
    ]

    operations = [
        migrations.AddField(
            model_name="dialogue",
            name="lowest_place",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.RunSQL(TOLD_BY_CHECKS, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="dialogue",
            index=models.Index(
                condition=models.Q(("lowest_place__isnull", False), ("stage", "approved")),
                fields=["dataset", "-lowest_place", "id"],
                name="dialogue_with_others",
            ),
        ),
    ]
