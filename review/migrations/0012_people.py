"""The language of the dialogues that are there, and indexes for hours and languages."""

import django.contrib.postgres.indexes
from django.db import migrations, models

from review.languages import language_of

BATCH = 2000
UPDATE = """
UPDATE review_dialogue SET language = told.language
FROM unnest(%s::bigint[], %s::text[]) AS told(id, language) WHERE review_dialogue.id = told.id
"""


def tell(apps, schema_editor):
    """New dialogues bring their language with the import; these were there before."""
    rows = apps.get_model("review", "Dialogue").objects.filter(language="").order_by("pk")
    last = 0
    while batch := list(rows.filter(pk__gt=last).values_list("pk", "turns", "metadata")[:BATCH]):
        last = batch[-1][0]
        told = {pk: language_of(turns, metadata) for pk, turns, metadata in batch}
        known = {pk: code for pk, code in told.items() if code}
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(UPDATE, [list(known), list(known.values())])


class Migration(migrations.Migration):
    dependencies = [("review", "0011_queue_key")]

    operations = [
        migrations.RunPython(tell, migrations.RunPython.noop, elidable=True),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                condition=models.Q(("state__in", ["expired", "returned"])),
                fields=["ended_at"],
                name="place_lost",
            ),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(fields=["reviewer", "created"], name="decision_of_reviewer_on_day"),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=django.contrib.postgres.indexes.BrinIndex(
                fields=["created"], name="decision_by_day"
            ),
        ),
        migrations.AddIndex(
            model_name="dialogue",
            index=models.Index(fields=["dataset", "language", "id"], name="dialogue_language"),
        ),
    ]
