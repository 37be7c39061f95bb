import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("review", "0016_guidelines_versions"),
    ]

    operations = [
        migrations.AddField(
            model_name="release",
            name="manifest",
            field=models.JSONField(default=dict),
        ),
        migrations.CreateModel(
            name="AgreementReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("asked", models.DateTimeField(null=True)),
                ("leased_until", models.DateTimeField(null=True)),
                ("computed", models.DateTimeField(null=True)),
                ("seconds", models.FloatField(null=True)),
                ("last_rows", models.JSONField(default=dict)),
                ("data", models.JSONField(default=dict)),
                ("failure", models.TextField(blank=True, default="")),
                (
                    "dataset",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="review.dataset",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
    ]
