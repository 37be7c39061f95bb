"""Disputes in a queue of their own, and settled dialogues found by the words of their query."""

from django.db import migrations, models

# Scripts without spaces are cut into their characters, or a sentence would be one word.
WORDS = r"""
CREATE FUNCTION review_words(query text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT to_tsvector('pg_catalog.simple', regexp_replace(
    query, '([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff])', ' \1 ', 'g'
  ))
$$;
CREATE INDEX dialogue_settled_words ON review_dialogue USING gin (review_words(final_query))
  WHERE stage IN ('approved', 'rejected');
"""
BACK = """
DROP INDEX dialogue_settled_words;
DROP FUNCTION review_words(text);
"""


class Migration(migrations.Migration):
    dependencies = [("review", "0012_people")]

    operations = [
        migrations.AddField(
            model_name="dialogue",
            name="held_active_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="dialogue",
            name="held_seconds",
            field=models.FloatField(db_default=0),
        ),
        migrations.AddIndex(
            model_name="dialogue",
            index=models.Index(
                condition=models.Q(("stage", "disputed")),
                fields=["dataset", "settled_at", "id"],
                name="dialogue_disputed",
            ),
        ),
        migrations.RunSQL(WORDS, BACK),
    ]
