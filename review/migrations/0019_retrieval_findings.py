
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


def mark_unchecked(apps, schema_editor):
    dialogues = apps.get_model("review", "Dialogue").objects
    waiting = dialogues.filter(stage="approved", checked_at=None).exclude(target_images=[])
    waiting.update(checks_due=True)


class Migration(migrations.Migration):

    dependencies = [
        ('review', '0001_record'),
    ]

    operations = [
        migrations.CreateModel(
            name='Relevance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('image', models.TextField()),
                ('fits', models.BooleanField()),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='WordFinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('retriever', models.CharField(max_length=64)),
                ('retriever_hash', models.CharField(max_length=64)),
                ('corpus_version', models.PositiveIntegerField()),
                ('word', models.TextField()),
                ('start', models.PositiveIntegerField()),
                ('end', models.PositiveIntegerField()),
                ('supported', models.BooleanField()),
                ('trait', models.CharField(blank=True, choices=[('leak', 'Leaks the target'), ('hallucination', 'Says what nobody said'), ('padding', 'Has words without effect'), ('shortcut', 'Needs no history'), ('history-required', 'Needs its history'), ('unresolved', 'Not found even with its history'), ('unchanged', 'Rewrite equals the final query'), ('unstable', "Candidates' ranks differ widely"), ('too-broad', 'Ten or more images fit')], default='', max_length=16)),
                ('rank', models.PositiveIntegerField()),
                ('tied', models.PositiveIntegerField()),
                ('rank_without', models.PositiveIntegerField()),
                ('tied_without', models.PositiveIntegerField()),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'ordering': ['dialogue', 'retriever', 'start'],
            },
        ),
        migrations.CreateModel(
            name='WordSupport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('word_key', models.TextField()),
                ('turn', models.PositiveSmallIntegerField()),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('withdrawn', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='retrievalcheck',
            name='check_once_per_version',
        ),
        migrations.AddField(
            model_name='dataset',
            name='check_margin',
            field=models.FloatField(db_default=0.001, default=0.001),
        ),
        migrations.AddField(
            model_name='dataset',
            name='leave_out_shown',
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name='dialogue',
            name='checks_due',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='dialogue',
            name='rank_spread',
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name='dialogue',
            name='traits',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), db_default=[], default=list, size=None),
        ),
        migrations.AddField(
            model_name='image',
            name='perceptual_hash',
            field=models.CharField(blank=True, db_default='', default='', max_length=16),
        ),
        migrations.AddField(
            model_name='retrievalcheck',
            name='cut',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='retrievalcheck',
            name='leaves_out',
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name='retrievalcheck',
            name='margin',
            field=models.FloatField(db_default=0.001, default=0.001),
        ),
        migrations.AddIndex(
            model_name='dialogue',
            index=models.Index(condition=models.Q(('checks_due', True)), fields=['dataset', 'id'], name='dialogue_checks_due'),
        ),
        migrations.AddConstraint(
            model_name='dataset',
            constraint=models.CheckConstraint(condition=models.Q(('check_margin__range', (0, 1))), name='dataset_margin_0_to_1'),
        ),
        migrations.AddConstraint(
            model_name='retrievalcheck',
            constraint=models.UniqueConstraint(fields=('dialogue', 'form', 'text_key', 'retriever_hash', 'corpus_version', 'leaves_out'), name='check_once_per_version'),
        ),
        migrations.AddField(
            model_name='relevance',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='relevance',
            name='dialogue',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='relevances', to='review.dialogue'),
        ),
        migrations.AddField(
            model_name='wordfinding',
            name='candidate',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.candidate'),
        ),
        migrations.AddField(
            model_name='wordfinding',
            name='dialogue',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='word_findings', to='review.dialogue'),
        ),
        migrations.AddField(
            model_name='wordsupport',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='wordsupport',
            name='candidate',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.candidate'),
        ),
        migrations.AddField(
            model_name='wordsupport',
            name='dialogue',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='word_supports', to='review.dialogue'),
        ),
        migrations.AddIndex(
            model_name='relevance',
            index=models.Index(fields=['dialogue', 'image', '-id'], name='relevance_last'),
        ),
        migrations.AddConstraint(
            model_name='wordfinding',
            constraint=models.UniqueConstraint(fields=('candidate', 'retriever_hash', 'corpus_version', 'start'), name='word_found_once_per_version'),
        ),
        migrations.AddConstraint(
            model_name='wordfinding',
            constraint=models.CheckConstraint(condition=models.Q(('start__lt', models.F('end'))), name='word_ends_after_start'),
        ),
        migrations.AddConstraint(
            model_name='wordfinding',
            constraint=models.CheckConstraint(condition=models.Q(('trait__in', ['', 'leak', 'hallucination', 'padding'])), name='word_trait_known'),
        ),
        migrations.AddConstraint(
            model_name='wordsupport',
            constraint=models.UniqueConstraint(condition=models.Q(('withdrawn', None)), fields=('candidate', 'word_key', 'by'), name='word_supported_once_by_each'),
        ),
        migrations.RunPython(mark_unchecked, migrations.RunPython.noop, elidable=True),
    ]
