

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('review', '0006_image_prepared'),
    ]

    operations = [
        migrations.CreateModel(
            name='Comparison',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('judge', models.TextField()),
                ('flipped', models.BooleanField(default=False)),
                ('reasons', models.JSONField(default=list)),
                ('unscored_reason', models.TextField(blank=True, default='')),
                ('model', models.TextField(blank=True, default='')),
                ('family', models.CharField(blank=True, default='', max_length=64)),
                ('prompt_hash', models.CharField(blank=True, default='', max_length=64)),
                ('offline', models.BooleanField(default=False)),
                ('saw_target', models.BooleanField(null=True)),
                ('self_judged', models.BooleanField(default=False)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
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
            ],
            options={
                'ordering': ['-version'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='judgement',
            name='judgement_once_per_prompt',
        ),
        migrations.AddField(
            model_name='candidate',
            name='family',
            field=models.CharField(blank=True, default='', max_length=64),
        ),
        migrations.AddField(
            model_name='candidate',
            name='passes',
            field=models.BooleanField(null=True),
        ),
        migrations.AddField(
            model_name='candidate',
            name='preference',
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name='judgement',
            name='family',
            field=models.CharField(blank=True, default='', max_length=64),
        ),
        migrations.AddField(
            model_name='judgement',
            name='reversed',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='judgement',
            name='self_judged',
            field=models.BooleanField(default=False),
        ),
        migrations.AddConstraint(
            model_name='candidate',
            constraint=models.CheckConstraint(condition=models.Q(('preference', None), ('preference__range', (0, 1)), _connector='OR'), name='candidate_preference_0_to_1'),
        ),
        migrations.AddConstraint(
            model_name='judgement',
            constraint=models.UniqueConstraint(fields=('candidate', 'judge', 'criterion', 'prompt_hash', 'reversed'), name='judgement_once_per_prompt'),
        ),
        migrations.AddField(
            model_name='comparison',
            name='first',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.candidate'),
        ),
        migrations.AddField(
            model_name='comparison',
            name='second',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.candidate'),
        ),
        migrations.AddField(
            model_name='comparison',
            name='winner',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.candidate'),
        ),
        migrations.AddField(
            model_name='rubric',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='rubric',
            name='dataset',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.dataset'),
        ),
        migrations.AddConstraint(
            model_name='comparison',
            constraint=models.UniqueConstraint(fields=('first', 'second', 'judge', 'prompt_hash'), name='comparison_once'),
        ),
        migrations.AddConstraint(
            model_name='comparison',
            constraint=models.CheckConstraint(condition=models.Q(('first__lt', models.F('second'))), name='comparison_of_two_in_order'),
        ),
        migrations.AddConstraint(
            model_name='comparison',
            constraint=models.CheckConstraint(condition=models.Q(('winner', None), models.Q(('flipped', False), ('unscored_reason', ''), models.Q(('winner', models.F('first')), ('winner', models.F('second')), _connector='OR')), _connector='OR'), name='comparison_winner_is_one_of_them'),
        ),
        migrations.AddConstraint(
            model_name='rubric',
            constraint=models.UniqueConstraint(fields=('dataset', 'version'), name='rubric_version_once', nulls_distinct=False),
        ),
    ]
