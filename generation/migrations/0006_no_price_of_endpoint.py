from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0005_dated_prices'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='endpoint',
            name='price_cached',
        ),
        migrations.RemoveField(
            model_name='endpoint',
            name='price_input',
        ),
        migrations.RemoveField(
            model_name='endpoint',
            name='price_output',
        ),
    ]
