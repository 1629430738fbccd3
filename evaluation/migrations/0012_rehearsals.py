"""Designs that were drawn many times; what is ready stays as it is."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


TABLE = "evaluation_rehearsal"
KEPT = "rehearsal_kept: a rehearsal that is ready never changes"


def guard(apps, schema_editor):
    """Make the triggers."""
    execute = schema_editor.execute
    if schema_editor.connection.vendor == "postgresql":
        execute(
            "CREATE FUNCTION touchstone_rehearsal_kept() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN RAISE EXCEPTION '{KEPT}'"
            " USING ERRCODE = 'integrity_constraint_violation'; END $$",
            params=None,
        )
        execute(
            f"CREATE TRIGGER {TABLE}_kept BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW"
            " WHEN (OLD.state = 'ready') EXECUTE FUNCTION touchstone_rehearsal_kept()"
        )
        return
    for act in ("UPDATE", "DELETE"):
        execute(
            f"CREATE TRIGGER {TABLE}_kept_{act.lower()} BEFORE {act} ON {TABLE}"
            f" WHEN OLD.state = 'ready' BEGIN SELECT RAISE(ABORT, '{KEPT}'); END"
        )


def unguard(apps, schema_editor):
    """Drop the triggers."""
    execute = schema_editor.execute
    if schema_editor.connection.vendor == "postgresql":
        execute(f"DROP TRIGGER {TABLE}_kept ON {TABLE}")
        execute("DROP FUNCTION touchstone_rehearsal_kept()")
        return
    for act in ("update", "delete"):
        execute(f"DROP TRIGGER {TABLE}_kept_{act}")


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0014_personal_data'),
        ('evaluation', '0011_reports_of_every_kind'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Rehearsal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[('waiting', 'Being drawn'), ('ready', 'Ready'), ('failed', 'Failed')], default='waiting', max_length=10)),
                ('failure', models.TextField(blank=True)),
                ('frame', models.JSONField()),
                ('parameters', models.JSONField()),
                ('quantity', models.JSONField(default=dict)),
                ('draws', models.PositiveIntegerField()),
                ('first_seed', models.BigIntegerField()),
                ('units', models.PositiveIntegerField()),
                ('done', models.PositiveIntegerField(default=0)),
                ('result', models.JSONField(null=True)),
                ('asked_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rehearsals', to='annotation.study')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('study', 'number'), name='rehearsal_number_once_per_study'), models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'ready', 'failed'])), name='rehearsal_state_known'), models.CheckConstraint(condition=models.Q(('done__lte', models.F('draws')), ('draws__gte', 2)), name='rehearsal_has_two_draws'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'ready'), _negated=True), models.Q(('done_at__isnull', False), ('result__isnull', False)), _connector='OR'), name='rehearsal_ready_has_a_result')],
            },
        ),
        migrations.RunPython(guard, unguard),
    ]
