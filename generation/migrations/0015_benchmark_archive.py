import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0014_space_as_it_was"),
    ]

    operations = [
        migrations.CreateModel(
            name="BenchmarkArchive",
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
                ("data", models.JSONField(default=dict)),
                ("failure", models.TextField(blank=True, default="")),
                (
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="generation.run",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
    ]
