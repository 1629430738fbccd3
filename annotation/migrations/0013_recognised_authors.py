"""What raters say when they are asked whether they recognised an author: added, never changed.

As other rows of a judgment it may be deleted with it, where a withdrawal promised that.
"""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

TABLE = "annotation_guess"
PROMISED = import_module("annotation.migrations.0004_guards").PROMISED


def guard(apps, schema_editor):
    """Make the triggers."""
    execute = schema_editor.execute
    if schema_editor.connection.vendor == "postgresql":
        execute(
            f"CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE ON {TABLE}"
            " FOR EACH ROW EXECUTE FUNCTION touchstone_append_only()"
        )
        return
    execute(
        f"CREATE TRIGGER {TABLE}_never_changed BEFORE UPDATE ON {TABLE}"
        f" BEGIN SELECT RAISE(ABORT, 'append_only: rows of {TABLE} are never changed'); END"
    )
    execute(
        f"CREATE TRIGGER {TABLE}_never_deleted BEFORE DELETE ON {TABLE}"
        f" WHEN NOT EXISTS ({PROMISED} OLD.judgment_id)"
        f" BEGIN SELECT RAISE(ABORT, 'append_only: rows of {TABLE} are never deleted'); END"
    )


def unguard(apps, schema_editor):
    """Drop the triggers."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP TRIGGER {TABLE}_append_only ON {TABLE}")
        return
    for name in ("never_changed", "never_deleted"):
        schema_editor.execute(f"DROP TRIGGER {TABLE}_{name}")


class Migration(migrations.Migration):
    """Make the table of guesses, and the setting that has raters asked."""

    dependencies = [
        ('annotation', '0012_item_retired'),
    ]

    operations = [
        migrations.AddField(
            model_name='study',
            name='guess_every',
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.CreateModel(
            name='Guess',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('knew', models.BooleanField()),
                ('words', models.CharField(blank=True, max_length=200)),
                ('given_at', models.DateTimeField()),
                ('judgment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='guess', to='annotation.judgment')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('knew', False), ('words', '')), models.Q(('knew', True), models.Q(('words', ''), _negated=True)), _connector='OR'), name='guess_names_somebody_or_nobody')],
            },
        ),
        migrations.RunPython(guard, unguard),
    ]
