"""Whether a release keeps findings that nobody decided about."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the field; releases of before have none such."""

    dependencies = [
        ('evaluation', '0007_judge_families'),
    ]

    operations = [
        migrations.AddField(
            model_name='release',
            name='keep_flagged',
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
