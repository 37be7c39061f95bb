
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import review.models.datasets
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('review', '0009_comparison_won_places'),
    ]

    operations = [
        migrations.CreateModel(
            name='Comment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField()),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Guidelines',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('text', models.TextField(blank=True)),
                ('summary', models.TextField(blank=True, default='')),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'ordering': ['-version'],
            },
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
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Mention',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seen_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='assignment',
            name='place_taken_once',
        ),
        migrations.RemoveConstraint(
            model_name='decision',
            name='decision_candidate_fits_verdict',
        ),
        migrations.RemoveConstraint(
            model_name='decision',
            name='decision_undo_supersedes',
        ),
        migrations.RemoveIndex(
            model_name='dialogue',
            name='dialogue_queue',
        ),
        migrations.AddField(
            model_name='assignment',
            name='active_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='assignment',
            name='active_seconds',
            field=models.FloatField(default=0),
        ),
        migrations.AddField(
            model_name='assignment',
            name='begun_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='assignment',
            name='draft_rest',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='assignment',
            name='draft_revision',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='assignment',
            name='drafted_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='assignment',
            name='purpose',
            field=models.CharField(choices=[('review', 'Review'), ('control', 'Control'), ('quiz', 'Quiz')], default='review', max_length=16),
        ),
        migrations.AddField(
            model_name='assignment',
            name='sent_back_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='assignment',
            name='sent_back_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='assignment',
            name='sent_back_note',
            field=models.TextField(blank=True, default=''),
        ),
        migrations.AddField(
            model_name='assignment',
            name='tried',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='assignment',
            name='unaided_text',
            field=models.TextField(blank=True, default=''),
        ),
        migrations.AddField(
            model_name='dataset',
            name='arms',
            field=models.JSONField(default=review.models.datasets.default_arms),
        ),
        migrations.AddField(
            model_name='dataset',
            name='control_rate',
            field=models.FloatField(default=0),
        ),
        migrations.AddField(
            model_name='dataset',
            name='control_threshold',
            field=models.FloatField(default=0.7),
        ),
        migrations.AddField(
            model_name='dataset',
            name='hide_until',
            field=models.CharField(choices=[('decided', 'Decided'), ('settled', 'Settled')], default='decided', max_length=16),
        ),
        migrations.AddField(
            model_name='dataset',
            name='most_words',
            field=models.PositiveSmallIntegerField(default=40),
        ),
        migrations.AddField(
            model_name='dataset',
            name='queue_order',
            field=models.CharField(choices=[('oldest', 'Oldest'), ('disagreement', 'Disagreement'), ('highest', 'Highest'), ('lowest', 'Lowest'), ('random', 'Random')], default='oldest', max_length=16),
        ),
        migrations.AddField(
            model_name='dataset',
            name='queue_ordered',
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name='dataset',
            name='quiz_pass',
            field=models.FloatField(default=0.8),
        ),
        migrations.AddField(
            model_name='dataset',
            name='quiz_size',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='dataset',
            name='shuffle_candidates',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='dataset',
            name='skip_reasons',
            field=models.JSONField(default=review.models.datasets.default_skip_reasons),
        ),
        migrations.AddField(
            model_name='dataset',
            name='takers',
            field=models.CharField(choices=[('members', 'Members'), ('annotators', 'Annotators')], default='members', max_length=16),
        ),
        migrations.AddField(
            model_name='dataset',
            name='validators',
            field=models.JSONField(default=review.models.datasets.default_validators),
        ),
        migrations.AddField(
            model_name='decision',
            name='also',
            field=models.ManyToManyField(related_name='also_accepted_by', to='review.candidate'),
        ),
        migrations.AddField(
            model_name='decision',
            name='findings',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), default=list, size=None),
        ),
        migrations.AddField(
            model_name='decision',
            name='override',
            field=models.TextField(blank=True, default=''),
        ),
        migrations.AddField(
            model_name='decision',
            name='purpose',
            field=models.CharField(choices=[('review', 'Review'), ('control', 'Control'), ('quiz', 'Quiz')], default='review', max_length=16),
        ),
        migrations.AddField(
            model_name='dialogue',
            name='held_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='dialogue',
            name='held_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='dialogue',
            name='language',
            field=models.CharField(blank=True, db_default='', max_length=16),
        ),
        migrations.AddField(
            model_name='dialogue',
            name='queue_key',
            field=models.FloatField(db_default=0),
        ),
        migrations.AddField(
            model_name='membership',
            name='guidelines_confirmed',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='membership',
            name='languages',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), default=list, size=None),
        ),
        migrations.AddField(
            model_name='membership',
            name='quiz_passed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='keys',
            field=models.JSONField(default=dict),
        ),
        migrations.AlterField(
            model_name='assignment',
            name='arm',
            field=models.CharField(choices=[('plain', 'Plain'), ('blind', 'Blind'), ('unaided', 'Unaided'), ('no-target', 'No Target'), ('no-retrieval', 'No Retrieval')], default='plain', max_length=16),
        ),
        migrations.AlterField(
            model_name='decision',
            name='verdict',
            field=models.CharField(choices=[('accept', 'Accept'), ('edit', 'Edit'), ('reject', 'Reject'), ('more', 'More'), ('skip', 'Skip'), ('undo', 'Undo'), ('send-back', 'Send Back')], max_length=16),
        ),
        migrations.AddIndex(
            model_name='dialogue',
            index=models.Index(condition=models.Q(('places_taken', 0), ('stage__in', ['judged', 'proposed'])), fields=['dataset', 'stage', 'queue_key', 'id'], name='dialogue_queue_fresh'),
        ),
        migrations.AddIndex(
            model_name='dialogue',
            index=models.Index(condition=models.Q(('places_taken', 0), ('stage__in', ['judged', 'proposed'])), fields=['dataset', 'language', 'stage', 'queue_key', 'id'], name='dialogue_queue_language'),
        ),
        migrations.AddIndex(
            model_name='dialogue',
            index=models.Index(condition=models.Q(('places_taken__gt', 0), ('stage__in', ['judged', 'proposed'])), fields=['dataset', 'stage', 'queue_key', 'id'], name='dialogue_queue_begun'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.UniqueConstraint(condition=models.Q(('purpose', 'review'), ('state__in', ['open', 'decided'])), fields=('dialogue', 'round', 'place'), name='place_taken_once'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(('arm__in', ['plain', 'blind', 'unaided', 'no-target', 'no-retrieval']), ('purpose__in', ['review', 'control', 'quiz'])), name='place_arm_and_purpose_known'),
        ),
        migrations.AddConstraint(
            model_name='dataset',
            constraint=models.CheckConstraint(condition=models.Q(('queue_order__in', ['oldest', 'disagreement', 'highest', 'lowest', 'random'])), name='dataset_queue_order_known'),
        ),
        migrations.AddConstraint(
            model_name='dataset',
            constraint=models.CheckConstraint(condition=models.Q(('hide_until__in', ['decided', 'settled'])), name='dataset_hide_until_known'),
        ),
        migrations.AddConstraint(
            model_name='dataset',
            constraint=models.CheckConstraint(condition=models.Q(('takers__in', ['members', 'annotators'])), name='dataset_takers_known'),
        ),
        migrations.AddConstraint(
            model_name='dataset',
            constraint=models.CheckConstraint(condition=models.Q(('control_rate__range', (0, 0.5)), ('control_threshold__range', (0, 1)), ('quiz_pass__range', (0, 1))), name='dataset_shares_within_bounds'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('candidate__isnull', False), ('verdict__in', ['accept', 'edit'])), models.Q(('candidate', None), ('verdict__in', ['reject', 'more', 'skip', 'undo', 'send-back'])), _connector='OR'), name='decision_candidate_fits_verdict'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('supersedes__isnull', False), ('verdict__in', ['undo', 'send-back'])), models.Q(models.Q(('verdict__in', ['undo', 'send-back']), _negated=True), ('supersedes', None)), _connector='OR'), name='decision_undo_supersedes'),
        ),
        migrations.AddField(
            model_name='comment',
            name='author',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='comments', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='comment',
            name='dialogue',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='comments', to='review.dialogue'),
        ),
        migrations.AddField(
            model_name='guidelines',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='guidelines',
            name='dataset',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='guidelines_versions', to='review.dataset'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='invitation',
            name='dataset',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='review.dataset'),
        ),
        migrations.AddField(
            model_name='mention',
            name='comment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mentions', to='review.comment'),
        ),
        migrations.AddField(
            model_name='mention',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mentions', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(fields=['dialogue', 'id'], name='comment_thread'),
        ),
        migrations.AddConstraint(
            model_name='guidelines',
            constraint=models.UniqueConstraint(fields=('dataset', 'version'), name='guidelines_version_once'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['annotator', 'adjudicator', 'admin'])), name='invitation_role_known'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(('uses__lte', models.F('most_uses'))), name='invitation_uses_within_most'),
        ),
        migrations.AddIndex(
            model_name='mention',
            index=models.Index(condition=models.Q(('seen_at', None)), fields=['user'], name='mention_unseen'),
        ),
        migrations.AddConstraint(
            model_name='mention',
            constraint=models.UniqueConstraint(fields=('comment', 'user'), name='mention_once'),
        ),
    ]
