from django.db import migrations, models

# As `review.checking.Checker.key` has it: until now the last check was that of the one retriever.
LAST = """
UPDATE review_dialogue SET ranked_as = last.key
FROM (
    SELECT DISTINCT ON (dialogue_id) dialogue_id,
           concat_ws('/', retriever_hash, corpus_version, leaves_out::int, margin) AS key
    FROM review_retrievalcheck
    WHERE form IN ('rewrite', 'candidate')
    ORDER BY dialogue_id, id DESC
) AS last
WHERE last.dialogue_id = review_dialogue.id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("review", "0022_spread_of_earlier_checks"),
    ]

    operations = [
        migrations.AddField(
            model_name="dialogue",
            name="ranked_as",
            field=models.CharField(blank=True, db_default="", default="", max_length=120),
        ),
        migrations.RunSQL(LAST, migrations.RunSQL.noop),
    ]
