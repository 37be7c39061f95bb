
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('review', '0024_calibration'),
    ]

    operations = [
        migrations.AddField(
            model_name='certificate',
            name='ended_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='certificate',
            name='put_back_asked',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='certificate',
            name='put_back_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='certificate',
            name='put_back_done',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='certificate',
            name='walked_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='certificate',
            name='walked_to',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='certificate',
            name='wound_up_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='certified',
            name='put_back_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='certified',
            name='put_back_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='dialogue',
            index=models.Index(condition=models.Q(('stage', 'approved'), models.Q(('approval', 'certified'), _negated=True)), fields=['dataset', '-id'], name='dialogue_approved_by_people'),
        ),
    ]
