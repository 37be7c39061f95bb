

import django.db.models.deletion
import django.db.models.functions.datetime
import generation.models.endpoints
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0003_recipe_and_timeout'),
        ('review', '0007_judging_by_rubric'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(default=uuid.uuid4, unique=True)),
                ('state', models.CharField(choices=[('preparing', 'Preparing'), ('submitted', 'Submitted'), ('collected', 'Collected'), ('failed', 'Failed')], default='preparing', max_length=16)),
                ('remote_id', models.TextField(blank=True, default='')),
                ('remote_status', models.CharField(blank=True, default='', max_length=32)),
                ('lines', models.PositiveIntegerField(default=0)),
                ('lines_done', models.PositiveIntegerField(default=0)),
                ('problem', models.TextField(blank=True, default='')),
                ('created', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('asked_at', models.DateTimeField(null=True)),
                ('ended', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='EndpointPrice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateField()),
                ('input', models.DecimalField(decimal_places=6, max_digits=12, null=True)),
                ('cached', models.DecimalField(decimal_places=6, max_digits=12, null=True)),
                ('output', models.DecimalField(decimal_places=6, max_digits=12, null=True)),
                ('batch_share', models.DecimalField(decimal_places=3, default='0.5', max_digits=4)),
            ],
            options={
                'ordering': ['-since'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='prompt',
            name='prompt_version_once',
        ),
        migrations.RemoveConstraint(
            model_name='prompt',
            name='prompt_text_once',
        ),
        migrations.RemoveIndex(
            model_name='call',
            name='call_request',
        ),
        migrations.AddField(
            model_name='call',
            name='dataset',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.dataset'),
        ),
        migrations.AddField(
            model_name='endpoint',
            name='created',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AddField(
            model_name='endpoint',
            name='dataset',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.dataset'),
        ),
        migrations.AddField(
            model_name='endpoint',
            name='extra_parameters',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='endpoint',
            name='has_batches',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='endpoint',
            name='jobs',
            field=models.JSONField(default=generation.models.endpoints.both_jobs),
        ),
        migrations.AddField(
            model_name='endpoint',
            name='own_family',
            field=models.CharField(blank=True, default='', max_length=64),
        ),
        migrations.AddField(
            model_name='endpoint',
            name='requests_per_minute',
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='endpoint',
            name='retired',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='endpoint',
            name='sees_images',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='endpoint',
            name='structured_output',
            field=models.CharField(choices=[('json_schema', 'by JSON schema'), ('json_object', 'as JSON object'), ('text', 'as plain text')], default='json_schema', max_length=16),
        ),
        migrations.AddField(
            model_name='endpoint',
            name='tokens_per_minute',
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='prompt',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='prompt',
            name='dataset',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='review.dataset'),
        ),
        migrations.AddField(
            model_name='run',
            name='drained_by',
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name='run',
            name='drained_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='run',
            name='rubric',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='review.rubric'),
        ),
        migrations.AlterField(
            model_name='call',
            name='endpoint',
            field=models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='generation.endpoint'),
        ),
        migrations.AlterField(
            model_name='call',
            name='prompt',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='generation.prompt'),
        ),
        migrations.AlterField(
            model_name='endpoint',
            name='name',
            field=models.CharField(max_length=64),
        ),
        migrations.AlterField(
            model_name='prompt',
            name='kind',
            field=models.CharField(choices=[('rewrite', 'Rewrite'), ('judge', 'Judge'), ('compare', 'Compare')], max_length=16),
        ),
        migrations.AlterField(
            model_name='run',
            name='prompt',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='generation.prompt'),
        ),
        migrations.AlterField(
            model_name='runitem',
            name='endpoint',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='generation.endpoint'),
        ),
        migrations.AddConstraint(
            model_name='endpoint',
            constraint=models.UniqueConstraint(condition=models.Q(('retired', False)), fields=('dataset', 'name'), name='endpoint_name_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='endpoint',
            constraint=models.CheckConstraint(condition=models.Q(('structured_output__in', ['json_schema', 'json_object', 'text'])), name='endpoint_structured_output_known'),
        ),
        migrations.AddConstraint(
            model_name='endpoint',
            constraint=models.CheckConstraint(condition=models.Q(('most_in_flight__gte', 1)), name='endpoint_lets_calls_out'),
        ),
        migrations.AddConstraint(
            model_name='prompt',
            constraint=models.UniqueConstraint(fields=('dataset', 'kind', 'version'), name='prompt_version_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='prompt',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['rewrite', 'judge', 'compare'])), name='prompt_kind_known'),
        ),
        migrations.AddField(
            model_name='batch',
            name='endpoint',
            field=models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='generation.endpoint'),
        ),
        migrations.AddField(
            model_name='batch',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='batches', to='generation.run'),
        ),
        migrations.AddField(
            model_name='call',
            name='batch',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='calls', to='generation.batch'),
        ),
        migrations.AddIndex(
            model_name='call',
            index=models.Index(fields=['dataset', 'endpoint'], name='call_bill'),
        ),
        migrations.AddIndex(
            model_name='call',
            index=models.Index(condition=models.Q(('outcome', 'ok')), fields=['item', 'request_hash'], name='call_paid_reply'),
        ),
        migrations.AddField(
            model_name='endpointprice',
            name='endpoint',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='prices', to='generation.endpoint'),
        ),
        migrations.AddIndex(
            model_name='batch',
            index=models.Index(condition=models.Q(('state__in', ['preparing', 'submitted'])), fields=['run'], name='batch_open'),
        ),
        migrations.AddConstraint(
            model_name='batch',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['preparing', 'submitted', 'collected', 'failed'])), name='batch_state_known'),
        ),
        migrations.AddConstraint(
            model_name='batch',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'submitted'), _negated=True), models.Q(('remote_id', ''), _negated=True), _connector='OR'), name='batch_submitted_has_id'),
        ),
        migrations.AddConstraint(
            model_name='endpointprice',
            constraint=models.UniqueConstraint(fields=('endpoint', 'since'), name='price_once_a_day'),
        ),
        migrations.AddConstraint(
            model_name='endpointprice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('input', None), ('input__gte', 0), _connector='OR'), models.Q(('cached', None), ('cached__gte', 0), _connector='OR'), models.Q(('output', None), ('output__gte', 0), _connector='OR')), name='price_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='endpointprice',
            constraint=models.CheckConstraint(condition=models.Q(('batch_share__range', (0, 1))), name='price_batch_share_0_to_1'),
        ),
        migrations.AlterField(
            model_name='call',
            name='outcome',
            field=models.CharField(choices=[('sent', 'Sent'), ('ok', 'Ok'), ('failed', 'Failed'), ('unusable', 'Unusable'), ('lost', 'Lost')], default='sent', max_length=16),
        ),
    ]
