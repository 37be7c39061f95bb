"""What endpoints cost becomes a dated price, and calls learn whose bill they are on."""

from django.db import migrations

PRICES = """
INSERT INTO generation_endpointprice (endpoint_id, since, input, cached, output, batch_share)
SELECT id, DATE '2026-01-01', price_input, price_cached, price_output, 0.5
FROM generation_endpoint
WHERE price_input IS NOT NULL OR price_output IS NOT NULL
"""
BILLS = """
UPDATE generation_call SET dataset_id = run.dataset_id
FROM generation_run run WHERE run.id = generation_call.run_id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0004_endpoints_prompts_batches'),
    ]

    operations = [
        migrations.RunSQL(PRICES, migrations.RunSQL.noop),
        migrations.RunSQL(BILLS, migrations.RunSQL.noop),
    ]
