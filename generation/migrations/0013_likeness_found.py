import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0012_benchmark_dialogues"),
        ("review", "0020_traits_due"),
    ]

    operations = [
        migrations.CreateModel(
            name="LikenessFound",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=64)),
                ("found", models.DateTimeField()),
                (
                    "dataset",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="review.dataset",
                    ),
                ),
            ],
        ),
    ]
