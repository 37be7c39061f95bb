from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("review", "0020_traits_due"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="image",
            index=models.Index(
                condition=models.Q(("perceptual_hash", ""), models.Q(("file", ""), _negated=True)),
                fields=["dataset"],
                name="image_unhashed",
            ),
        ),
    ]
