import django.contrib.postgres.indexes
from django.db import migrations, models


def mark_approved(apps, schema_editor):
    apps.get_model("review", "Dialogue").objects.filter(stage="approved").update(traits_due=True)


class Migration(migrations.Migration):

    dependencies = [
        ('review', '0019_retrieval_findings'),
    ]

    operations = [
        migrations.AddField(
            model_name='dialogue',
            name='traits_due',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RunPython(mark_approved, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='dialogue',
            index=models.Index(condition=models.Q(('traits_due', True)), fields=['dataset', 'id'], name='dialogue_traits_due'),
        ),
        migrations.AddIndex(
            model_name='dialogue',
            index=django.contrib.postgres.indexes.GinIndex(fields=['traits'], name='dialogue_traits'),
        ),
    ]
