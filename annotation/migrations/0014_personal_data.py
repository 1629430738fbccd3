"""What is decided about personal data in raters' words: added, never changed.

As other rows of a judgment it may be deleted with it, where a withdrawal promised that.
"""

from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TABLE = "annotation_personaldecision"
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
    """Make the table of decisions."""

    dependencies = [
        ('annotation', '0013_recognised_authors'),
    ]

    operations = [
        migrations.CreateModel(
            name='PersonalDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('turn', models.PositiveSmallIntegerField()),
                ('start', models.PositiveIntegerField()),
                ('end', models.PositiveIntegerField()),
                ('kind', models.CharField(choices=[('e-mail', 'E-mail address'), ('phone', 'Telephone number'), ('handle', 'Name on a platform'), ('ip', 'Internet address'), ('iban', 'Bank account'), ('card', 'Payment card'), ('address', 'Postal address'), ('name', 'Name somebody gives')], max_length=10)),
                ('decision', models.CharField(choices=[('masked', 'Masked'), ('kept', 'Kept'), ('held', 'Waits for a decision')], max_length=10)),
                ('decided_at', models.DateTimeField()),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('judgment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='personal_decisions', to='annotation.judgment')),
                ('question', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.question')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['e-mail', 'phone', 'handle', 'ip', 'iban', 'card', 'address', 'name'])), name='personal_decision_kind_known'), models.CheckConstraint(condition=models.Q(('decision__in', ['masked', 'kept'])), name='personal_decision_masks_or_keeps'), models.CheckConstraint(condition=models.Q(('end__gt', models.F('start'))), name='personal_decision_not_empty')],
            },
        ),
        migrations.RunPython(guard, unguard),
    ]
