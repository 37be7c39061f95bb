"""Enters the dataset of calls that were made before calls said whose bill they are on."""

from django.db import migrations

ON_THEIR_BILL = """
UPDATE generation_call AS made SET dataset_id = run.dataset_id
FROM generation_run AS run
WHERE made.run_id = run.id AND made.dataset_id IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("generation", "0006_no_price_of_endpoint")]
    operations = [migrations.RunSQL(ON_THEIR_BILL, migrations.RunSQL.noop)]
