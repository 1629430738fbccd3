"""An index of the items that were taken out, which are few."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0011_loading_speed'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='item',
            index=models.Index(condition=models.Q(('retired_at__isnull', False)), fields=['study'], name='item_retired'),
        ),
    ]
