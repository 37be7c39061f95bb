from django.db import migrations, models

# Of checks made before: what the last of each retriever was made as. A number is written here as
# `Checker.key` writes it, and all of it as `Checker.mark` does.
TOLD_BY_CHECKS = """
UPDATE review_dialogue SET checked_as = told.keys
FROM (
    SELECT made.dialogue_id, jsonb_object_agg(
        made.retriever,
        left(md5(concat_ws(
            '/', made.retriever_hash, made.corpus_version, made.leaves_out::int, made.margin
        )), 16)
        ORDER BY made.id
    ) AS keys
    FROM review_retrievalcheck made
    JOIN review_dialogue checked
        ON checked.id = made.dialogue_id AND checked.approved_candidate_id = made.candidate_id
    WHERE made.form = 'rewrite' AND checked.checked_at IS NOT NULL
    GROUP BY made.dialogue_id
) told
WHERE told.dialogue_id = review_dialogue.id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("review", "0026_wave_closed_by"),
    ]

    operations = [
        migrations.AddField(
            model_name="dialogue",
            name="checked_as",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.RunSQL(TOLD_BY_CHECKS, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="dialogue",
            index=models.Index(
                condition=models.Q(
                    ("checked_at__isnull", False), ("checks_due", False), ("stage", "approved")
                ),
                fields=["dataset", "id"],
                include=("checked_as", "ranked_as"),
                name="dialogue_checked",
            ),
        ),
    ]
