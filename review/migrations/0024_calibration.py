
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('review', '0023_dialogue_ranked_as'),
    ]

    operations = [
        migrations.CreateModel(
            name='Certificate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('share', models.FloatField()),
                ('confidence', models.FloatField()),
                ('grid', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=None)),
                ('steps', models.JSONField(default=list)),
                ('threshold', models.FloatField(null=True)),
                ('conditions', models.JSONField()),
                ('conditions_hash', models.CharField(max_length=64)),
                ('ended_at', models.DateTimeField(null=True)),
                ('end', models.CharField(blank=True, choices=[('changed', 'Changed'), ('revoked', 'Revoked'), ('replaced', 'Replaced'), ('withdrawn', 'Withdrawn')], default='', max_length=16)),
                ('end_note', models.TextField(blank=True, default='')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='certificates', to='review.dataset')),
            ],
            options={
                'ordering': ['-number'],
                'constraints': [models.UniqueConstraint(fields=('dataset', 'number'), name='certificate_number_once'), models.UniqueConstraint(condition=models.Q(('ended_at', None), ('threshold__isnull', False)), fields=('dataset',), name='certificate_in_force_once'), models.CheckConstraint(condition=models.Q(('confidence__gt', 0), ('confidence__lt', 1), ('share__gt', 0), ('share__lt', 1)), name='certificate_shares_within_0_and_1'), models.CheckConstraint(condition=models.Q(('threshold', None), ('threshold__range', (1, 5)), _connector='OR'), name='certificate_threshold_1_to_5'), models.CheckConstraint(condition=models.Q(models.Q(('end', ''), ('ended_at', None)), models.Q(('end__in', ['changed', 'revoked', 'replaced', 'withdrawn']), ('ended_at__isnull', False)), _connector='OR'), name='certificate_ended_for_a_reason')],
            },
        ),
        migrations.CreateModel(
            name='Wave',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('kind', models.CharField(choices=[('uniform', 'Uniform'), ('informative', 'Informative')], max_length=16)),
                ('size', models.PositiveIntegerField()),
                ('even_share', models.FloatField(default=1)),
                ('seed', models.CharField(max_length=128)),
                ('narrowed', models.JSONField(default=dict)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('drawn_at', models.DateTimeField(null=True)),
                ('leased_until', models.DateTimeField(null=True)),
                ('failure', models.TextField(blank=True, default='')),
                ('frame', models.JSONField(default=dict)),
                ('conditions', models.JSONField(default=dict)),
                ('conditions_hash', models.CharField(blank=True, default='', max_length=64)),
                ('closed_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('certificate', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='waves', to='review.certificate')),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='waves', to='review.dataset')),
            ],
            options={
                'ordering': ['number'],
                'constraints': [models.UniqueConstraint(fields=('dataset', 'number'), name='wave_number_once'), models.CheckConstraint(condition=models.Q(('size__gte', 1)), name='wave_draws_some'), models.CheckConstraint(condition=models.Q(models.Q(('even_share', 1), ('kind', 'uniform')), models.Q(('even_share__range', (0.5, 1)), ('kind', 'informative')), _connector='OR'), name='wave_even_share_from_half')],
            },
        ),
        migrations.CreateModel(
            name='Drawn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('probability', models.FloatField()),
                ('place', models.PositiveIntegerField()),
                ('round', models.PositiveSmallIntegerField()),
                ('score', models.FloatField()),
                ('passes', models.BooleanField(null=True)),
                ('by_criterion', models.JSONField(default=dict)),
                ('slices', models.JSONField(default=dict)),
                ('candidate', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.candidate')),
                ('dialogue', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='drawn', to='review.dialogue')),
                ('wave', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='drawn', to='review.wave')),
            ],
            options={
                'ordering': ['wave', 'place'],
                'constraints': [models.UniqueConstraint(fields=('wave', 'place'), name='drawn_place_once'), models.CheckConstraint(condition=models.Q(('probability__gt', 0), ('probability__lte', 1)), name='drawn_by_a_probability'), models.CheckConstraint(condition=models.Q(('score__range', (1, 5))), name='drawn_score_1_to_5')],
            },
        ),
        migrations.CreateModel(
            name='Certified',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('round', models.PositiveSmallIntegerField()),
                ('score', models.FloatField()),
                ('used_as', models.CharField(choices=[('accepted', 'Accepted'), ('one-decision', 'One Decision'), ('audit', 'Audit')], max_length=16)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('good', models.BooleanField(null=True)),
                ('good_since', models.DateTimeField(null=True)),
                ('candidate', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.candidate')),
                ('certificate', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='dialogues', to='review.certificate')),
                ('dialogue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='certified', to='review.dialogue')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(models.F('certificate'), models.OrderBy(models.F('good_since'), descending=True), condition=models.Q(('good__isnull', False), ('used_as', 'audit')), name='certified_audited'), models.Index(condition=models.Q(('good', None), ('used_as', 'audit')), fields=['certificate', 'dialogue'], name='certified_to_audit')],
                'constraints': [models.UniqueConstraint(fields=('certificate', 'dialogue'), name='certified_once_by_certificate'), models.CheckConstraint(condition=models.Q(('used_as__in', ['accepted', 'one-decision', 'audit'])), name='certified_use_known'), models.CheckConstraint(condition=models.Q(models.Q(('good', None), ('good_since', None)), models.Q(('good__isnull', False), ('good_since__isnull', False)), _connector='OR'), name='certified_good_since')],
            },
        ),
        migrations.CreateModel(
            name='CalibrationReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked', models.DateTimeField(null=True)),
                ('leased_until', models.DateTimeField(null=True)),
                ('computed', models.DateTimeField(null=True)),
                ('seconds', models.FloatField(null=True)),
                ('data', models.JSONField(default=dict)),
                ('failure', models.TextField(blank=True, default='')),
                ('last_rows', models.JSONField(default=dict)),
                ('dataset', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.dataset')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddField(
            model_name='assignment',
            name='drawn',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='dataset',
            name='certified_use',
            field=models.CharField(choices=[('nothing', 'Nothing'), ('accept', 'Accept'), ('one-decision', 'One Decision')], db_default='nothing', default='nothing', max_length=16),
        ),
        migrations.AddField(
            model_name='dialogue',
            name='drawn_place',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='dialogue',
            name='one_suffices',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name='dialogue',
            name='approval',
            field=models.CharField(blank=True, choices=[('accepted', 'Accepted'), ('edited', 'Edited'), ('adjudicated', 'Adjudicated'), ('certified', 'Certified')], default='', max_length=16),
        ),
        migrations.AddIndex(
            model_name='dialogue',
            index=models.Index(condition=models.Q(('drawn_place__isnull', False), ('stage__in', ['judged', 'proposed'])), fields=['dataset', 'drawn_place', 'id'], name='dialogue_queue_drawn'),
        ),
        migrations.AddIndex(
            model_name='dialogue',
            index=models.Index(condition=models.Q(('drawn_place', None), ('places_taken', 0), ('stage', 'judged')), fields=['dataset', 'panel_score', 'id'], name='dialogue_to_certify'),
        ),
        migrations.AddConstraint(
            model_name='dataset',
            constraint=models.CheckConstraint(condition=models.Q(('certified_use__in', ['nothing', 'accept', 'one-decision'])), name='dataset_certified_use_known'),
        ),
    ]
