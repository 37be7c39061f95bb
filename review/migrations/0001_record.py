"""The record as it was after 18 migrations, for new installations: one step in place of many."""

import django.contrib.auth.models
import django.contrib.auth.validators
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import review.models.datasets

# The place of a dialogue in its dataset's queue, kept by the database whoever writes.
QUEUE_KEY = """
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
QUEUE_KEY_BACK = """
DROP TRIGGER review_queue_key ON review_dialogue;
DROP FUNCTION review_queue_key();
"""
# Words of a query. Scripts without spaces are cut into their characters, or a sentence would be one
# word.
WORDS = r"""
CREATE FUNCTION review_words(query text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT to_tsvector('pg_catalog.simple', regexp_replace(
    query, '([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff])', ' \1 ', 'g'
  ))
$$;
CREATE INDEX dialogue_settled_words ON review_dialogue USING gin (review_words(final_query))
  WHERE stage IN ('approved', 'rejected');
"""
WORDS_BACK = """
DROP INDEX dialogue_settled_words;
DROP FUNCTION review_words(text);
"""


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("review", "0001_initial"),
        ("review", "0002_check_left_out"),
        ("review", "0003_decision_stage_after"),
        ("review", "0004_upload"),
        ("review", "0005_import_engine"),
        ("review", "0006_image_prepared"),
        ("review", "0007_judging_by_rubric"),
        ("review", "0008_rubric_reckoned"),
        ("review", "0009_comparison_won_places"),
        ("review", "0010_the_desk"),
        ("review", "0011_queue_key"),
        ("review", "0012_people"),
        ("review", "0013_disputes"),
        ("review", "0014_policy_changes"),
        ("review", "0015_practice"),
        ("review", "0016_guidelines_versions"),
        ("review", "0017_agreement"),
        ("review", "0018_queue_by_language"),
    ]

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('is_demo', models.BooleanField(default=False)),
                ('keys', models.JSONField(default=dict)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'abstract': False,
            },
            managers=[
                ('objects', django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_tokens', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Candidate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField()),
                ('text_key', models.CharField(max_length=64)),
                ('author', models.TextField()),
                ('kind', models.CharField(choices=[('model', 'Model'), ('offline', 'Offline'), ('imported', 'Imported'), ('person', 'Person')], max_length=16)),
                ('model', models.TextField(blank=True, default='')),
                ('family', models.CharField(blank=True, default='', max_length=64)),
                ('prompt_hash', models.CharField(blank=True, default='', max_length=64)),
                ('saw_target', models.BooleanField(null=True)),
                ('also_by', models.JSONField(default=list)),
                ('round', models.PositiveSmallIntegerField(default=0)),
                ('panel_score', models.FloatField(null=True)),
                ('disagreement', models.FloatField(null=True)),
                ('passes', models.BooleanField(null=True)),
                ('preference', models.FloatField(null=True)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('reviewer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Dataset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.CharField(max_length=64, unique=True, validators=[django.core.validators.RegexValidator('^[a-z0-9-]+\\Z', 'Use lower-case letters, digits and hyphens only.')])),
                ('title', models.CharField(max_length=200)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('decisions_needed', models.PositiveSmallIntegerField(default=1)),
                ('quorum', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('needs_scores', models.BooleanField(default=False)),
                ('dispute_when_worse', models.BooleanField(default=False)),
                ('hide_authors', models.BooleanField(default=False)),
                ('hide_scores', models.BooleanField(default=False)),
                ('hide_until', models.CharField(choices=[('decided', 'Decided'), ('settled', 'Settled')], default='decided', max_length=16)),
                ('shuffle_candidates', models.BooleanField(default=False)),
                ('queue_order', models.CharField(choices=[('oldest', 'Oldest'), ('disagreement', 'Disagreement'), ('highest', 'Highest'), ('lowest', 'Lowest'), ('random', 'Random')], default='oldest', max_length=16)),
                ('queue_ordered', models.BooleanField(default=True)),
                ('takers', models.CharField(choices=[('members', 'Members'), ('annotators', 'Annotators')], default='members', max_length=16)),
                ('arms', models.JSONField(default=review.models.datasets.default_arms)),
                ('validators', models.JSONField(default=review.models.datasets.default_validators)),
                ('most_words', models.PositiveSmallIntegerField(default=40)),
                ('skip_reasons', models.JSONField(default=review.models.datasets.default_skip_reasons)),
                ('control_rate', models.FloatField(default=0)),
                ('control_threshold', models.FloatField(default=0.7)),
                ('quiz_size', models.PositiveSmallIntegerField(default=0)),
                ('quiz_pass', models.FloatField(default=0.8)),
                ('lease_minutes', models.PositiveSmallIntegerField(default=30)),
                ('reject_reasons', models.JSONField(default=review.models.datasets.default_reject_reasons)),
                ('retired_reasons', models.JSONField(db_default=models.Value([], models.JSONField()), default=list)),
                ('guidelines', models.TextField(blank=True, default='')),
                ('guidelines_version', models.PositiveIntegerField(default=1)),
                ('seed', models.CharField(default='recqr', max_length=64)),
                ('corpus_version', models.PositiveIntegerField(default=0)),
            ],
            options={
                'ordering': ['slug'],
                'constraints': [models.CheckConstraint(condition=models.Q(('decisions_needed__range', (1, 5))), name='dataset_decisions_1_to_5'), models.CheckConstraint(condition=models.Q(('quorum', None), models.Q(('quorum__gte', 1), ('quorum__lte', models.F('decisions_needed'))), _connector='OR'), name='dataset_quorum_within_decisions'), models.CheckConstraint(condition=models.Q(('queue_order__in', ['oldest', 'disagreement', 'highest', 'lowest', 'random'])), name='dataset_queue_order_known'), models.CheckConstraint(condition=models.Q(('hide_until__in', ['decided', 'settled'])), name='dataset_hide_until_known'), models.CheckConstraint(condition=models.Q(('takers__in', ['members', 'annotators'])), name='dataset_takers_known'), models.CheckConstraint(condition=models.Q(('control_rate__range', (0, 0.5)), ('control_threshold__range', (0, 1)), ('quiz_pass__range', (0, 1))), name='dataset_shares_within_bounds'), models.CheckConstraint(condition=models.Q(('slug__regex', '^[a-z0-9-]+$')), name='dataset_slug_plain')],
            },
        ),
        migrations.CreateModel(
            name='AgreementReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked', models.DateTimeField(null=True)),
                ('leased_until', models.DateTimeField(null=True)),
                ('computed', models.DateTimeField(null=True)),
                ('seconds', models.FloatField(null=True)),
                ('last_rows', models.JSONField(default=dict)),
                ('data', models.JSONField(default=dict)),
                ('failure', models.TextField(blank=True, default='')),
                ('dataset', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.dataset')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Dialogue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('external_id', models.TextField()),
                ('turns', models.JSONField()),
                ('final_query', models.TextField()),
                ('target_images', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None)),
                ('metadata', models.JSONField(default=dict)),
                ('content_hash', models.CharField(max_length=64)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('stage', models.CharField(choices=[('imported', 'Imported'), ('proposed', 'Proposed'), ('judged', 'Judged'), ('approved', 'Approved'), ('disputed', 'Disputed'), ('rejected', 'Rejected')], default='imported', max_length=16)),
                ('round', models.PositiveSmallIntegerField(default=0)),
                ('note_to_models', models.TextField(blank=True, default='')),
                ('places_taken', models.PositiveSmallIntegerField(default=0)),
                ('panel_score', models.FloatField(null=True)),
                ('disagreement', models.FloatField(null=True)),
                ('queue_key', models.FloatField(db_default=0)),
                ('language', models.CharField(blank=True, db_default='', max_length=16)),
                ('held_until', models.DateTimeField(null=True)),
                ('held_active_at', models.DateTimeField(null=True)),
                ('held_seconds', models.FloatField(db_default=0)),
                ('approval', models.CharField(blank=True, choices=[('accepted', 'Accepted'), ('edited', 'Edited'), ('adjudicated', 'Adjudicated')], default='', max_length=16)),
                ('settled_at', models.DateTimeField(null=True)),
                ('checked_at', models.DateTimeField(null=True)),
                ('check_outcome', models.CharField(blank=True, default='', max_length=16)),
                ('released', models.BooleanField(default=False)),
                ('approved_candidate', models.ForeignKey(null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='review.candidate')),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='dialogues', to='review.dataset')),
                ('held_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Control',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('explanation', models.TextField(blank=True, default='')),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='controls', to='review.dataset')),
                ('dialogue', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='control', to='review.dialogue')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Comment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField()),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='comments', to=settings.AUTH_USER_MODEL)),
                ('dialogue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='comments', to='review.dialogue')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.AddField(
            model_name='candidate',
            name='dialogue',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='candidates', to='review.dialogue'),
        ),
        migrations.CreateModel(
            name='Assignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.PositiveSmallIntegerField()),
                ('round', models.PositiveSmallIntegerField(default=0)),
                ('state', models.CharField(choices=[('open', 'Open'), ('decided', 'Decided'), ('skipped', 'Skipped'), ('expired', 'Expired'), ('returned', 'Returned')], default='open', max_length=16)),
                ('arm', models.CharField(choices=[('plain', 'Plain'), ('blind', 'Blind'), ('unaided', 'Unaided'), ('no-target', 'No Target'), ('no-retrieval', 'No Retrieval')], default='plain', max_length=16)),
                ('purpose', models.CharField(choices=[('review', 'Review'), ('control', 'Control'), ('quiz', 'Quiz')], default='review', max_length=16)),
                ('claimed_at', models.DateTimeField()),
                ('begun_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('active_at', models.DateTimeField(null=True)),
                ('active_seconds', models.FloatField(default=0)),
                ('shown', models.JSONField(default=dict)),
                ('tried', models.JSONField(default=list)),
                ('unaided_text', models.TextField(blank=True, default='')),
                ('draft', models.TextField(blank=True, default='')),
                ('draft_rest', models.JSONField(default=dict)),
                ('draft_revision', models.PositiveIntegerField(default=0)),
                ('drafted_at', models.DateTimeField(null=True)),
                ('sent_back_at', models.DateTimeField(null=True)),
                ('sent_back_note', models.TextField(blank=True, default='')),
                ('reviewer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to=settings.AUTH_USER_MODEL)),
                ('sent_back_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('dialogue', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to='review.dialogue')),
            ],
        ),
        migrations.CreateModel(
            name='Guidelines',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('text', models.TextField(blank=True)),
                ('summary', models.TextField(blank=True, default='')),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='guidelines_versions', to='review.dataset')),
            ],
            options={
                'ordering': ['-version'],
            },
        ),
        migrations.CreateModel(
            name='Image',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('external_id', models.TextField()),
                ('caption', models.TextField(blank=True, default='')),
                ('url', models.TextField(blank=True, default='')),
                ('file', models.FileField(blank=True, default='', max_length=200, upload_to='')),
                ('sha256', models.CharField(blank=True, default='', max_length=64)),
                ('media_type', models.CharField(blank=True, default='', max_length=32)),
                ('width', models.PositiveIntegerField(null=True)),
                ('height', models.PositiveIntegerField(null=True)),
                ('refused', models.TextField(blank=True, default='')),
                ('metadata', models.JSONField(default=dict)),
                ('prepared', models.BooleanField(db_default=False, default=False)),
                ('added_version', models.PositiveIntegerField()),
                ('removed_version', models.PositiveIntegerField(blank=True, null=True)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='images', to='review.dataset')),
            ],
        ),
        migrations.CreateModel(
            name='Import',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.TextField()),
                ('format', models.CharField(max_length=32)),
                ('status', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='waiting', max_length=16)),
                ('options', models.JSONField(default=dict)),
                ('checksum', models.CharField(blank=True, default='', max_length=64)),
                ('position', models.JSONField(default=dict)),
                ('counts', models.JSONField(default=dict)),
                ('pulse', models.DateTimeField(null=True)),
                ('failure', models.TextField(blank=True, default='')),
                ('rejected', models.CharField(blank=True, default='', max_length=200)),
                ('started', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('finished', models.DateTimeField(null=True)),
                ('report', models.JSONField(default=dict)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='imports', to='review.dataset')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='dialogue',
            name='imported_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='dialogues', to='review.import'),
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('role', models.CharField(choices=[('annotator', 'Annotator'), ('adjudicator', 'Adjudicator'), ('admin', 'Admin')], max_length=16)),
                ('languages', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), default=list, size=None)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('expires_at', models.DateTimeField()),
                ('most_uses', models.PositiveSmallIntegerField(default=1)),
                ('uses', models.PositiveSmallIntegerField(default=0)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='review.dataset')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Judgement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('judge', models.TextField()),
                ('criterion', models.CharField(max_length=32)),
                ('score', models.PositiveSmallIntegerField(null=True)),
                ('reason', models.TextField(blank=True, default='')),
                ('unscored_reason', models.TextField(blank=True, default='')),
                ('model', models.TextField(blank=True, default='')),
                ('family', models.CharField(blank=True, default='', max_length=64)),
                ('prompt_hash', models.CharField(blank=True, default='', max_length=64)),
                ('offline', models.BooleanField(default=False)),
                ('imported', models.BooleanField(default=False)),
                ('saw_target', models.BooleanField(null=True)),
                ('self_judged', models.BooleanField(default=False)),
                ('reversed', models.BooleanField(default=False)),
                ('shown_position', models.PositiveSmallIntegerField(null=True)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('candidate', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='judgements', to='review.candidate')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('annotator', 'Annotator'), ('adjudicator', 'Adjudicator'), ('admin', 'Admin')], max_length=16)),
                ('paused', models.BooleanField(default=False)),
                ('languages', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), default=list, size=None)),
                ('guidelines_confirmed', models.PositiveIntegerField(default=0)),
                ('quiz_passed_at', models.DateTimeField(null=True)),
                ('lots_drawn', models.PositiveIntegerField(db_default=0)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='review.dataset')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Mention',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seen_at', models.DateTimeField(null=True)),
                ('comment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mentions', to='review.comment')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mentions', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='PolicyChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('before', models.JSONField()),
                ('after', models.JSONField()),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('applied', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='policy_changes', to='review.dataset')),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='Release',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('format', models.CharField(default='jsonl', max_length=16)),
                ('dialogues', models.PositiveIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('manifest', models.JSONField(default=dict)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='releases', to='review.dataset')),
            ],
            options={
                'ordering': ['-number'],
            },
        ),
        migrations.CreateModel(
            name='RetrievalCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('form', models.CharField(max_length=32)),
                ('text_key', models.CharField(max_length=64)),
                ('retriever', models.CharField(max_length=64)),
                ('retriever_hash', models.CharField(max_length=64)),
                ('corpus_version', models.PositiveIntegerField()),
                ('corpus_size', models.PositiveIntegerField()),
                ('left_out', models.JSONField(default=list)),
                ('rank', models.PositiveIntegerField(null=True)),
                ('tied', models.PositiveIntegerField(null=True)),
                ('score', models.FloatField(null=True)),
                ('ranks', models.JSONField(default=dict)),
                ('top', models.JSONField(default=list)),
                ('unranked_reason', models.TextField(blank=True, default='')),
                ('outcome', models.CharField(blank=True, choices=[('improved', 'Improved'), ('same', 'Same'), ('worse', 'Worse'), ('unranked', 'Unranked')], default='', max_length=16)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('candidate', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.candidate')),
                ('dialogue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='retrieval_checks', to='review.dialogue')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Rubric',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('criteria', models.JSONField()),
                ('hash', models.CharField(max_length=64)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('reckoned', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('dataset', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.dataset')),
            ],
            options={
                'ordering': ['-version'],
            },
        ),
        migrations.CreateModel(
            name='SecondLook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('comment', models.TextField()),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('decisions', models.PositiveIntegerField()),
                ('sent', models.PositiveIntegerField(default=0)),
                ('ended_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='second_looks', to='review.dataset')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=255)),
                ('size', models.PositiveBigIntegerField()),
                ('received', models.PositiveBigIntegerField(default=0)),
                ('file', models.CharField(max_length=255)),
                ('sha256', models.CharField(blank=True, default='', max_length=64)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('finished', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='uploads', to='review.dataset')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='import',
            name='upload',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='imports', to='review.upload'),
        ),
        migrations.CreateModel(
            name='Comparison',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('judge', models.TextField()),
                ('flipped', models.BooleanField(default=False)),
                ('reasons', models.JSONField(default=list)),
                ('won_places', models.JSONField(default=list)),
                ('unscored_reason', models.TextField(blank=True, default='')),
                ('model', models.TextField(blank=True, default='')),
                ('family', models.CharField(blank=True, default='', max_length=64)),
                ('prompt_hash', models.CharField(blank=True, default='', max_length=64)),
                ('offline', models.BooleanField(default=False)),
                ('saw_target', models.BooleanField(null=True)),
                ('self_judged', models.BooleanField(default=False)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('first', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.candidate')),
                ('second', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.candidate')),
                ('winner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.candidate')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('first', 'second', 'judge', 'prompt_hash'), name='comparison_once'), models.CheckConstraint(condition=models.Q(('first__lt', models.F('second'))), name='comparison_of_two_in_order'), models.CheckConstraint(condition=models.Q(('winner', None), models.Q(('flipped', False), ('unscored_reason', ''), models.Q(('winner', models.F('first')), ('winner', models.F('second')), _connector='OR')), _connector='OR'), name='comparison_winner_is_one_of_them')],
            },
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verdict', models.CharField(choices=[('accept', 'Accept'), ('edit', 'Edit'), ('reject', 'Reject'), ('more', 'More'), ('skip', 'Skip'), ('undo', 'Undo'), ('send-back', 'Send Back')], max_length=16)),
                ('reason', models.CharField(blank=True, default='', max_length=64)),
                ('note', models.TextField(blank=True, default='')),
                ('findings', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), default=list, size=None)),
                ('override', models.TextField(blank=True, default='')),
                ('adjudication', models.BooleanField(default=False)),
                ('purpose', models.CharField(choices=[('review', 'Review'), ('control', 'Control'), ('quiz', 'Quiz')], default='review', max_length=16)),
                ('round', models.PositiveSmallIntegerField(default=0)),
                ('stage_after', models.CharField(blank=True, choices=[('imported', 'Imported'), ('proposed', 'Proposed'), ('judged', 'Judged'), ('approved', 'Approved'), ('disputed', 'Disputed'), ('rejected', 'Rejected')], default='', max_length=16)),
                ('seconds', models.FloatField()),
                ('saw', models.JSONField(default=dict)),
                ('policy', models.JSONField(default=dict)),
                ('idempotency_key', models.CharField(blank=True, default='', max_length=128)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('also', models.ManyToManyField(related_name='also_accepted_by', to='review.candidate')),
                ('assignment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='decisions', to='review.assignment')),
                ('candidate', models.ForeignKey(null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='decisions', to='review.candidate')),
                ('reviewer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to=settings.AUTH_USER_MODEL)),
                ('started_from', models.ForeignKey(null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='review.candidate')),
                ('supersedes', models.OneToOneField(null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='superseded_by', to='review.decision')),
                ('dialogue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='decisions', to='review.dialogue')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(fields=['reviewer', '-id'], name='decision_by_reviewer'), models.Index(fields=['reviewer', 'created'], name='decision_of_reviewer_on_day'), django.contrib.postgres.indexes.BrinIndex(fields=['created'], name='decision_by_day'), models.Index(condition=models.Q(('purpose', 'review'), _negated=True), fields=['reviewer'], name='decision_practice')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('idempotency_key', ''), _negated=True), fields=('reviewer', 'idempotency_key'), name='decision_once_per_key'), models.CheckConstraint(condition=models.Q(models.Q(('candidate__isnull', False), ('verdict__in', ['accept', 'edit'])), models.Q(('candidate', None), ('verdict__in', ['reject', 'more', 'skip', 'undo', 'send-back'])), _connector='OR'), name='decision_candidate_fits_verdict'), models.CheckConstraint(condition=models.Q(models.Q(('supersedes__isnull', False), ('verdict__in', ['undo', 'send-back'])), models.Q(models.Q(('verdict__in', ['undo', 'send-back']), _negated=True), ('supersedes', None)), _connector='OR'), name='decision_undo_supersedes'), models.CheckConstraint(condition=models.Q(('adjudication', True), ('assignment__isnull', False), _connector='OR'), name='decision_has_place')],
            },
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(fields=['dialogue', 'id'], name='comment_thread'),
        ),
        migrations.AddConstraint(
            model_name='candidate',
            constraint=models.UniqueConstraint(fields=('dialogue', 'text_key'), name='candidate_text_once_in_dialogue'),
        ),
        migrations.AddConstraint(
            model_name='candidate',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='candidate_has_text'),
        ),
        migrations.AddConstraint(
            model_name='candidate',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['model', 'offline', 'imported', 'person'])), name='candidate_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='candidate',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'person'), ('reviewer', None), _connector='OR'), name='candidate_reviewer_is_person'),
        ),
        migrations.AddConstraint(
            model_name='candidate',
            constraint=models.CheckConstraint(condition=models.Q(('panel_score', None), ('panel_score__range', (1, 5)), _connector='OR'), name='candidate_score_1_to_5'),
        ),
        migrations.AddConstraint(
            model_name='candidate',
            constraint=models.CheckConstraint(condition=models.Q(('preference', None), ('preference__range', (0, 1)), _connector='OR'), name='candidate_preference_0_to_1'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(fields=['dialogue', 'reviewer'], name='place_of_reviewer'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['reviewer'], name='place_held_by_reviewer'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['expires_at'], name='place_overdue'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(condition=models.Q(('state__in', ['expired', 'returned'])), fields=['ended_at'], name='place_lost'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.UniqueConstraint(condition=models.Q(('purpose', 'review'), ('state__in', ['open', 'decided'])), fields=('dialogue', 'round', 'place'), name='place_taken_once'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['open', 'decided'])), fields=('dialogue', 'round', 'reviewer'), name='reviewer_once_in_dialogue'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['open', 'decided', 'skipped', 'expired', 'returned'])), name='place_state_known'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(('arm__in', ['plain', 'blind', 'unaided', 'no-target', 'no-retrieval']), ('purpose__in', ['review', 'control', 'quiz'])), name='place_arm_and_purpose_known'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'open'), ('ended_at', None)), models.Q(models.Q(('state', 'open'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='place_open_or_ended'),
        ),
        migrations.AddConstraint(
            model_name='guidelines',
            constraint=models.UniqueConstraint(fields=('dataset', 'version'), name='guidelines_version_once'),
        ),
        migrations.AddIndex(
            model_name='image',
            index=models.Index(fields=['dataset', 'added_version'], name='review_imag_dataset_9e1dbd_idx'),
        ),
        migrations.AddIndex(
            model_name='image',
            index=models.Index(condition=models.Q(('prepared', False), models.Q(('file', ''), _negated=True)), fields=['dataset'], name='image_unprepared'),
        ),
        migrations.AddConstraint(
            model_name='image',
            constraint=models.UniqueConstraint(condition=models.Q(('removed_version', None)), fields=('dataset', 'external_id'), name='image_id_once_in_corpus'),
        ),
        migrations.AddConstraint(
            model_name='image',
            constraint=models.CheckConstraint(condition=models.Q(('removed_version', None), ('removed_version__gt', models.F('added_version')), _connector='OR'), name='image_removed_after_added'),
        ),
        migrations.AddIndex(
            model_name='dialogue',
            index=models.Index(condition=models.Q(('places_taken', 0), ('stage__in', ['judged', 'proposed'])), fields=['dataset', 'stage', 'queue_key', 'id'], name='dialogue_queue_fresh'),
        ),
        migrations.AddIndex(
            model_name='dialogue',
            index=models.Index(condition=models.Q(('language__gte', ''), ('places_taken', 0), ('stage__in', ['judged', 'proposed'])), fields=['dataset', 'language', 'stage', 'queue_key', 'id'], name='dialogue_queue_language'),
        ),
        migrations.AddIndex(
            model_name='dialogue',
            index=models.Index(condition=models.Q(('places_taken__gt', 0), ('stage__in', ['judged', 'proposed'])), fields=['dataset', 'stage', 'queue_key', 'id'], name='dialogue_queue_begun'),
        ),
        migrations.AddIndex(
            model_name='dialogue',
            index=models.Index(condition=models.Q(('language__gte', ''), ('places_taken__gt', 0), ('stage__in', ['judged', 'proposed'])), fields=['dataset', 'language', 'stage', 'queue_key', 'id'], name='dialogue_queue_begun_language'),
        ),
        migrations.AddIndex(
            model_name='dialogue',
            index=models.Index(condition=models.Q(('checked_at', None), ('stage', 'approved')), fields=['dataset', 'id'], name='dialogue_unchecked'),
        ),
        migrations.AddIndex(
            model_name='dialogue',
            index=models.Index(condition=models.Q(('stage', 'disputed')), fields=['dataset', 'settled_at', 'id'], name='dialogue_disputed'),
        ),
        migrations.AddIndex(
            model_name='dialogue',
            index=models.Index(condition=models.Q(('stage', 'approved')), fields=['dataset', '-id'], name='dialogue_approved'),
        ),
        migrations.AddIndex(
            model_name='dialogue',
            index=models.Index(fields=['dataset', 'stage'], name='dialogue_stage'),
        ),
        migrations.AddIndex(
            model_name='dialogue',
            index=models.Index(fields=['dataset', 'language', 'id'], name='dialogue_language'),
        ),
        migrations.AddConstraint(
            model_name='dialogue',
            constraint=models.UniqueConstraint(fields=('dataset', 'external_id'), name='dialogue_id_once'),
        ),
        migrations.AddConstraint(
            model_name='dialogue',
            constraint=models.CheckConstraint(condition=models.Q(('stage__in', ['imported', 'proposed', 'judged', 'approved', 'disputed', 'rejected'])), name='dialogue_stage_known'),
        ),
        migrations.AddConstraint(
            model_name='dialogue',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('stage', 'approved'), ('approved_candidate__isnull', False)), models.Q(models.Q(('stage', 'approved'), _negated=True), ('approved_candidate', None)), _connector='OR'), name='dialogue_approved_has_rewrite'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['annotator', 'adjudicator', 'admin'])), name='invitation_role_known'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(('uses__lte', models.F('most_uses'))), name='invitation_uses_within_most'),
        ),
        migrations.AddConstraint(
            model_name='judgement',
            constraint=models.UniqueConstraint(fields=('candidate', 'judge', 'criterion', 'prompt_hash', 'reversed'), name='judgement_once_per_prompt'),
        ),
        migrations.AddConstraint(
            model_name='judgement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('score__isnull', False), ('score__range', (1, 5)), ('unscored_reason', '')), models.Q(('score', None), models.Q(('unscored_reason', ''), _negated=True)), _connector='OR'), name='judgement_scored_or_reason'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(fields=('dataset', 'user'), name='membership_once'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['annotator', 'adjudicator', 'admin'])), name='membership_role_known'),
        ),
        migrations.AddIndex(
            model_name='mention',
            index=models.Index(condition=models.Q(('seen_at', None)), fields=['user'], name='mention_unseen'),
        ),
        migrations.AddConstraint(
            model_name='mention',
            constraint=models.UniqueConstraint(fields=('comment', 'user'), name='mention_once'),
        ),
        migrations.AddIndex(
            model_name='policychange',
            index=models.Index(condition=models.Q(('applied', None)), fields=['dataset'], name='policy_change_pending'),
        ),
        migrations.AddConstraint(
            model_name='release',
            constraint=models.UniqueConstraint(fields=('dataset', 'number'), name='release_number_once'),
        ),
        migrations.AddConstraint(
            model_name='retrievalcheck',
            constraint=models.UniqueConstraint(fields=('dialogue', 'form', 'text_key', 'retriever_hash', 'corpus_version'), name='check_once_per_version'),
        ),
        migrations.AddConstraint(
            model_name='retrievalcheck',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('rank__isnull', False), ('rank__range', (1, models.F('corpus_size'))), ('tied__gte', 1), ('tied__isnull', False), ('unranked_reason', '')), models.Q(('rank', None), ('tied', None), models.Q(('unranked_reason', ''), _negated=True)), _connector='OR'), name='check_ranked_or_reason'),
        ),
        migrations.AddConstraint(
            model_name='rubric',
            constraint=models.UniqueConstraint(fields=('dataset', 'version'), name='rubric_version_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='secondlook',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('dataset', 'version'), name='second_look_one_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='upload',
            constraint=models.CheckConstraint(condition=models.Q(('received__lte', models.F('size'))), name='upload_within_its_size'),
        ),
        migrations.AddConstraint(
            model_name='upload',
            constraint=models.CheckConstraint(condition=models.Q(('finished', None), models.Q(('received', models.F('size')), models.Q(('sha256', ''), _negated=True)), _connector='OR'), name='upload_finished_whole'),
        ),
        migrations.AddConstraint(
            model_name='import',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['waiting', 'running', 'done', 'failed'])), name='import_status_known'),
        ),
        migrations.RunSQL(QUEUE_KEY, QUEUE_KEY_BACK),
        migrations.RunSQL(WORDS, WORDS_BACK),
    ]
