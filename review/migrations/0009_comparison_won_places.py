from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('review', '0008_rubric_reckoned'),
    ]

    operations = [
        migrations.AddField(
            model_name='comparison',
            name='won_places',
            field=models.JSONField(default=list),
        ),
    ]
