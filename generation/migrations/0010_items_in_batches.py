import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0009_judge_report'),
    ]

    operations = [
        migrations.AddField(
            model_name='runitem',
            name='batch',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='items', to='generation.batch'),
        ),
        migrations.AddIndex(
            model_name='runitem',
            index=models.Index(condition=models.Q(('batch__isnull', False)), fields=['batch'], name='item_in_batch'),
        ),
    ]
