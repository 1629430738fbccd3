"""Known answers. As with raters' answers, an option is one of its question's, and rows are added,
never changed or deleted: only their end may be set, once, when they are removed or replaced.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TABLE = "annotation_goldanswer"
KEY = "gold_option_of_its_question"
MAY_END = ("ended_at", "ended_by_id")

POSTGRESQL = f"""
CREATE FUNCTION touchstone_gold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'gold_kept: rows of % are never deleted', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.ended_at IS NOT NULL
    OR (to_jsonb(NEW) - 'ended_at' - 'ended_by_id')
        IS DISTINCT FROM (to_jsonb(OLD) - 'ended_at' - 'ended_by_id') THEN
        RAISE EXCEPTION 'gold_kept: rows of % are never changed', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {TABLE}_kept BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION touchstone_gold();
"""


def guard(apps, schema_editor):
    """Make the triggers."""
    execute = schema_editor.execute
    if schema_editor.connection.vendor == "postgresql":
        execute(POSTGRESQL, params=None)  # its % is its own
        execute(
            f"ALTER TABLE {TABLE} ADD CONSTRAINT {KEY} FOREIGN KEY (option_id, question_id)"
            " REFERENCES annotation_option (id, question_id) DEFERRABLE INITIALLY DEFERRED"
        )
        return
    model = apps.get_model("annotation", "GoldAnswer")
    fixed = [field.column for field in model._meta.fields if field.column not in MAY_END]
    changed = f"SELECT RAISE(ABORT, 'gold_kept: rows of {TABLE} are never changed')"
    execute(
        f"CREATE TRIGGER {TABLE}_never_changed BEFORE UPDATE OF {', '.join(fixed)} ON {TABLE}"
        f" BEGIN {changed}; END"
    )
    execute(
        f"CREATE TRIGGER {TABLE}_ends_once BEFORE UPDATE ON {TABLE}"
        f" WHEN OLD.ended_at IS NOT NULL BEGIN {changed}; END"
    )
    execute(
        f"CREATE TRIGGER {TABLE}_never_deleted BEFORE DELETE ON {TABLE}"
        f" BEGIN SELECT RAISE(ABORT, 'gold_kept: rows of {TABLE} are never deleted'); END"
    )
    execute(
        f"CREATE TRIGGER {KEY} BEFORE INSERT ON {TABLE}"
        " WHEN NOT EXISTS (SELECT 1 FROM annotation_option"
        " WHERE id = NEW.option_id AND question_id = NEW.question_id)"
        f" BEGIN SELECT RAISE(ABORT, '{KEY}'); END"
    )


def unguard(apps, schema_editor):
    """Drop the triggers."""
    execute = schema_editor.execute
    if schema_editor.connection.vendor == "postgresql":
        execute(f"DROP TRIGGER {TABLE}_kept ON {TABLE}")
        execute("DROP FUNCTION touchstone_gold()")
        execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT {KEY}")
        return
    for name in (f"{TABLE}_never_changed", f"{TABLE}_ends_once", f"{TABLE}_never_deleted", KEY):
        execute(f"DROP TRIGGER {name}")


class Migration(migrations.Migration):
    """Make the table of known answers."""

    dependencies = [
        ('annotation', '0006_lanes'),
    ]

    operations = [
        migrations.CreateModel(
            name='GoldAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('turn', models.PositiveSmallIntegerField()),
                ('single', models.BooleanField()),
                ('reason', models.TextField(blank=True)),
                ('file_name', models.CharField(max_length=255)),
                ('line', models.PositiveIntegerField()),
                ('added_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('added_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ended_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('item', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='gold', to='annotation.item')),
                ('option', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.option')),
                ('question', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.question')),
            ],
            options={
                'indexes': [models.Index(fields=['item', 'question', 'turn'], name='gold_of_item')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('item', 'question', 'turn', 'option'), name='gold_option_once'), models.UniqueConstraint(condition=models.Q(('ended_at', None), ('single', True)), fields=('item', 'question', 'turn'), name='gold_one_for_a_single_choice'), models.CheckConstraint(condition=models.Q(('ended_by', None), ('ended_at__isnull', False), _connector='OR'), name='gold_ended_by_someone_at_a_time'), models.CheckConstraint(condition=models.Q(('ended_at', None), ('ended_at__gte', models.F('added_at')), _connector='OR'), name='gold_ended_after_it_was_added')],
            },
        ),
        migrations.RunPython(guard, unguard),
    ]
