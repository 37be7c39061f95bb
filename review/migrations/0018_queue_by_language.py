"""Indexes of the queue: by language where others have begun, and of a person's places."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('review', '0017_agreement'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='dialogue',
            name='dialogue_queue_language',
        ),
        migrations.AlterField(
            model_name='assignment',
            name='dialogue',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to='review.dialogue'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(fields=['dialogue', 'reviewer'], name='place_of_reviewer'),
        ),
        migrations.AddIndex(
            model_name='dialogue',
            index=models.Index(condition=models.Q(('language__gte', ''), ('places_taken', 0), ('stage__in', ['judged', 'proposed'])), fields=['dataset', 'language', 'stage', 'queue_key', 'id'], name='dialogue_queue_language'),
        ),
        migrations.AddIndex(
            model_name='dialogue',
            index=models.Index(condition=models.Q(('language__gte', ''), ('places_taken__gt', 0), ('stage__in', ['judged', 'proposed'])), fields=['dataset', 'language', 'stage', 'queue_key', 'id'], name='dialogue_queue_begun_language'),
        ),
    ]
