from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0013_likeness_found"),
    ]

    operations = [
        migrations.AddField(
            model_name="vectorspace",
            name="fingerprint",
            field=models.CharField(default="", max_length=64),
        ),
        migrations.AddField(
            model_name="vectorspace",
            name="settings",
            field=models.JSONField(default=dict),
        ),
    ]
