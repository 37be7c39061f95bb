from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0007_calls_on_their_bill'),
    ]

    operations = [
        migrations.AddField(
            model_name='batch',
            name='failures',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='batch',
            name='held_usd',
            field=models.DecimalField(decimal_places=8, default=0, max_digits=14),
        ),
        migrations.AddField(
            model_name='batch',
            name='input_file',
            field=models.TextField(blank=True, default=''),
        ),
    ]
