"""A reason that was given and a number that was computed stay as they are.

Of an exclusion only the lifting may be added, once. Of a report that is ready only what a later
computation said of it.
"""

from django.db import migrations

KEPT = {
    "evaluation_exclusion": (
        "OLD.lifted_at IS NOT NULL",
        ("study_id", "number", "kind", "rater_id", "item_id", "batch_id", "seconds", "reason",
         "made_at"),
        "exclusion_kept: an exclusion is lifted, never changed",
    ),
    "evaluation_report": (
        "FALSE",
        ("study_id", "number", "state", "asked", "rules", "until", "software", "result", "sha256",
         "done_at"),
        "report_kept: a report that is ready never changes",
    ),
}  # fmt: skip
READY = {"evaluation_report": "OLD.state = 'ready'", "evaluation_exclusion": "TRUE"}


def _changed(table, vendor):
    closed, columns, _ = KEPT[table]
    apart = "IS DISTINCT FROM" if vendor == "postgresql" else "IS NOT"
    changes = [f'OLD."{name}" {apart} NEW."{name}"' for name in columns]
    return f"({READY[table]}) AND ({closed} OR {' OR '.join(changes)})"


def guard(apps, schema_editor):
    """Make the triggers."""
    vendor, execute = schema_editor.connection.vendor, schema_editor.execute
    for table, (_, _, words) in KEPT.items():
        acts = (("UPDATE", _changed(table, vendor)), ("DELETE", READY[table]))
        if vendor == "postgresql":
            execute(
                f"CREATE FUNCTION {table}_kept() RETURNS trigger LANGUAGE plpgsql AS $$"
                f" BEGIN RAISE EXCEPTION '{words}'"
                " USING ERRCODE = 'integrity_constraint_violation'; END $$",
                params=None,
            )
        for act, when in acts:
            name = f"{table}_kept_{act.lower()}"
            if vendor == "postgresql":
                execute(
                    f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW"
                    f" WHEN ({when}) EXECUTE FUNCTION {table}_kept()"
                )
            else:
                execute(
                    f"CREATE TRIGGER {name} BEFORE {act} ON {table} WHEN {when}"
                    f" BEGIN SELECT RAISE(ABORT, '{words}'); END"
                )


def unguard(apps, schema_editor):
    """Drop the triggers."""
    vendor, execute = schema_editor.connection.vendor, schema_editor.execute
    for table in KEPT:
        for act in ("update", "delete"):
            where = f" ON {table}" if vendor == "postgresql" else ""
            execute(f"DROP TRIGGER {table}_kept_{act}{where}")
        if vendor == "postgresql":
            execute(f"DROP FUNCTION {table}_kept()")


class Migration(migrations.Migration):
    """Triggers, because constraints cannot compare a row with what it was."""

    dependencies = [("evaluation", "0005_exclusions_and_reports")]
    operations = [migrations.RunPython(guard, unguard)]
