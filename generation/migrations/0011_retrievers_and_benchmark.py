
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import pgvector.django.halfvec
from pgvector.django import VectorExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0001_machines'),
        ('review', '0019_retrieval_findings'),
    ]

    operations = [
        VectorExtension(),
        migrations.CreateModel(
            name='BenchmarkReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked', models.DateTimeField(null=True)),
                ('leased_until', models.DateTimeField(null=True)),
                ('computed', models.DateTimeField(null=True)),
                ('seconds', models.FloatField(null=True)),
                ('data', models.JSONField(default=dict)),
                ('failure', models.TextField(blank=True, default='')),
                ('run', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='generation.run')),
            ],
        ),
        migrations.CreateModel(
            name='ConfiguredRetriever',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=64, validators=[django.core.validators.RegexValidator('^[a-z0-9-]+\\Z', 'Use lower-case letters, digits and hyphens only.')])),
                ('kind', models.CharField(choices=[('bm25', 'Bm25'), ('dense', 'Dense'), ('clip', 'Clip'), ('endpoint', 'Endpoint'), ('fusion', 'Fusion')], max_length=16)),
                ('primary', models.BooleanField(default=False)),
                ('settings', models.JSONField(blank=True, default=dict)),
                ('fingerprint', models.CharField(blank=True, default='', max_length=64)),
                ('problem', models.TextField(blank=True, default='')),
                ('retired', models.BooleanField(default=False)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.dataset')),
                ('endpoint', models.ForeignKey(null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='generation.endpoint')),
                ('members', models.ManyToManyField(blank=True, related_name='fusions', to='generation.configuredretriever')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='ImageLikeness',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first', models.TextField()),
                ('second', models.TextField()),
                ('bits', models.PositiveSmallIntegerField(null=True)),
                ('cosine', models.FloatField(null=True)),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.dataset')),
            ],
        ),
        migrations.CreateModel(
            name='VectorSpace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hash', models.CharField(max_length=64)),
                ('dimensions', models.PositiveIntegerField()),
                ('complete_version', models.PositiveIntegerField(null=True)),
                ('indexed', models.DateTimeField(null=True)),
                ('problem', models.TextField(blank=True, default='')),
                ('leased_until', models.DateTimeField(null=True)),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('retriever', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='spaces', to='generation.configuredretriever')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='TextVector',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text_key', models.CharField(max_length=64)),
                ('vector', pgvector.django.halfvec.HalfVectorField()),
                ('cut', models.BooleanField(default=False)),
                ('space', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='generation.vectorspace')),
            ],
        ),
        migrations.CreateModel(
            name='ImageVector',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('vector', pgvector.django.halfvec.HalfVectorField(null=True)),
                ('reason', models.TextField(blank=True, default='')),
                ('image', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.image')),
                ('space', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='generation.vectorspace')),
            ],
        ),
        migrations.CreateModel(
            name='BenchmarkScore',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('retriever', models.CharField(max_length=64)),
                ('form', models.CharField(max_length=80)),
                ('cell_key', models.CharField(max_length=64)),
                ('corpus_size', models.PositiveIntegerField()),
                ('rank', models.PositiveIntegerField(null=True)),
                ('tied', models.PositiveIntegerField(null=True)),
                ('score', models.FloatField(null=True)),
                ('ranks', models.JSONField(default=dict)),
                ('top', models.JSONField(default=list)),
                ('cut', models.BooleanField(default=False)),
                ('unranked_reason', models.TextField(blank=True, default='')),
                ('dialogue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.dialogue')),
                ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='scores', to='generation.run')),
            ],
            options={
                'indexes': [models.Index(fields=['cell_key'], name='benchmark_cell')],
                'constraints': [models.UniqueConstraint(fields=('run', 'retriever', 'form', 'dialogue'), name='benchmark_score_once'), models.CheckConstraint(condition=models.Q(models.Q(('rank__isnull', False), ('tied__isnull', False), ('unranked_reason', '')), models.Q(('rank', None), ('tied', None), models.Q(('unranked_reason', ''), _negated=True)), _connector='OR'), name='benchmark_ranked_or_reason')],
            },
        ),
        migrations.CreateModel(
            name='BenchmarkText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('form', models.CharField(max_length=80)),
                ('text', models.TextField()),
                ('dialogue', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.dialogue')),
                ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='texts', to='generation.run')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('run', 'dialogue', 'form'), name='benchmark_text_once'), models.CheckConstraint(condition=models.Q(('form__regex', '^[a-z0-9-]+$')), name='benchmark_form_plain')],
            },
        ),
        migrations.AddConstraint(
            model_name='configuredretriever',
            constraint=models.UniqueConstraint(condition=models.Q(('retired', False)), fields=('dataset', 'name'), name='retriever_name_once'),
        ),
        migrations.AddConstraint(
            model_name='configuredretriever',
            constraint=models.UniqueConstraint(condition=models.Q(('primary', True), ('retired', False)), fields=('dataset',), name='retriever_primary_once'),
        ),
        migrations.AddConstraint(
            model_name='configuredretriever',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['bm25', 'dense', 'clip', 'endpoint', 'fusion'])), name='retriever_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='configuredretriever',
            constraint=models.CheckConstraint(condition=models.Q(('name__regex', '^[a-z0-9-]+$')), name='retriever_name_plain'),
        ),
        migrations.AddConstraint(
            model_name='configuredretriever',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('endpoint__isnull', False), ('kind', 'endpoint')), models.Q(models.Q(('kind', 'endpoint'), _negated=True), ('endpoint', None)), _connector='OR'), name='retriever_endpoint_where_needed'),
        ),
        migrations.AddIndex(
            model_name='imagelikeness',
            index=models.Index(fields=['dataset', 'second'], name='likeness_second'),
        ),
        migrations.AddConstraint(
            model_name='imagelikeness',
            constraint=models.UniqueConstraint(fields=('dataset', 'first', 'second'), name='likeness_once'),
        ),
        migrations.AddConstraint(
            model_name='imagelikeness',
            constraint=models.CheckConstraint(condition=models.Q(('first__lt', models.F('second'))), name='likeness_in_order'),
        ),
        migrations.AddConstraint(
            model_name='imagelikeness',
            constraint=models.CheckConstraint(condition=models.Q(('bits__isnull', False), ('cosine__isnull', False), _connector='OR'), name='likeness_by_something'),
        ),
        migrations.AddConstraint(
            model_name='vectorspace',
            constraint=models.UniqueConstraint(fields=('retriever', 'hash'), name='space_once_per_version'),
        ),
        migrations.AddConstraint(
            model_name='textvector',
            constraint=models.UniqueConstraint(fields=('space', 'text_key'), name='text_once_in_space'),
        ),
        migrations.AddConstraint(
            model_name='imagevector',
            constraint=models.UniqueConstraint(fields=('space', 'image'), name='image_once_in_space'),
        ),
        migrations.AddConstraint(
            model_name='imagevector',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('vector__isnull', False), ('reason', '')), models.Q(('vector', None), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='vector_or_reason'),
        ),
    ]
