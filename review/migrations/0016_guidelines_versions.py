"""Guidelines from before they were kept as versions get their row."""

from django.db import migrations


def keep(apps, schema_editor):
    guidelines = apps.get_model("review", "Guidelines")
    datasets = apps.get_model("review", "Dataset").objects.exclude(guidelines="")
    for dataset in datasets.filter(guidelines_versions=None):
        guidelines.objects.create(
            dataset=dataset, version=dataset.guidelines_version, text=dataset.guidelines
        )


class Migration(migrations.Migration):
    dependencies = [("review", "0015_practice")]

    operations = [migrations.RunPython(keep, migrations.RunPython.noop, elidable=True)]
