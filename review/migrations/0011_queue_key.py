"""The place of a dialogue in its dataset's queue, kept by the database."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION review_queue_key() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  policy record;
BEGIN
  SELECT queue_order, seed INTO policy FROM review_dataset WHERE id = NEW.dataset_id;
  NEW.queue_key := CASE policy.queue_order
    WHEN 'disagreement' THEN -coalesce(NEW.disagreement, -1)
    WHEN 'highest' THEN -coalesce(NEW.panel_score, 0)
    WHEN 'lowest' THEN coalesce(NEW.panel_score, 6)
    WHEN 'random' THEN
      ('x' || substr(md5(policy.seed || '/' || NEW.external_id), 1, 8))::bit(32)::bigint
    ELSE 0
  END;
  RETURN NEW;
END $$;
CREATE TRIGGER review_queue_key
  BEFORE INSERT OR UPDATE OF stage, panel_score, disagreement, queue_key ON review_dialogue
  FOR EACH ROW EXECUTE FUNCTION review_queue_key();
"""
BACK = """
DROP TRIGGER review_queue_key ON review_dialogue;
DROP FUNCTION review_queue_key();
"""
# What earlier versions left: places in hand had begun, and guidelines had one version.
BEGUN = "UPDATE review_assignment SET begun_at = claimed_at WHERE state = 'open'"
VERSIONS = """
INSERT INTO review_guidelines (dataset_id, version, text, summary)
SELECT id, guidelines_version, guidelines, '' FROM review_dataset WHERE guidelines <> ''
"""


class Migration(migrations.Migration):
    dependencies = [("review", "0010_the_desk")]

    operations = [
        migrations.RunSQL(FUNCTION, BACK),
        migrations.RunSQL(BEGUN, migrations.RunSQL.noop),
        migrations.RunSQL(VERSIONS, migrations.RunSQL.noop),
    ]
