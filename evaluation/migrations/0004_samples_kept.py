"""What a sample drew, and with which probability, is never changed: estimates stand on it.

The sample itself may be written while it is being drawn, and never once it is ready.
"""

from django.db import migrations

FIXED = ("evaluation_stratum", "evaluation_sampleditem")
SAMPLE = "evaluation_sample"

POSTGRESQL = f"""
CREATE FUNCTION touchstone_sample_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'sample_kept: a sample that was drawn never changes'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER {SAMPLE}_kept BEFORE UPDATE OR DELETE ON {SAMPLE}
    FOR EACH ROW WHEN (OLD.state = 'ready') EXECUTE FUNCTION touchstone_sample_kept();
"""


def guard(apps, schema_editor):
    """Make the triggers."""
    execute = schema_editor.execute
    if schema_editor.connection.vendor == "postgresql":
        execute(POSTGRESQL, params=None)
        for table in FIXED:
            execute(
                f"CREATE TRIGGER {table}_fixed BEFORE UPDATE OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION touchstone_fixed()"
            )
        return
    for act in ("UPDATE", "DELETE"):
        execute(
            f"CREATE TRIGGER {SAMPLE}_kept_{act.lower()} BEFORE {act} ON {SAMPLE}"
            " WHEN OLD.state = 'ready' BEGIN"
            " SELECT RAISE(ABORT, 'sample_kept: a sample that was drawn never changes'); END"
        )
        for table in FIXED:
            execute(
                f"CREATE TRIGGER {table}_fixed_{act.lower()} BEFORE {act} ON {table} BEGIN"
                f" SELECT RAISE(ABORT, 'fixed: rows of {table} are never changed'); END"
            )


def unguard(apps, schema_editor):
    """Drop the triggers."""
    execute = schema_editor.execute
    if schema_editor.connection.vendor == "postgresql":
        for table in FIXED:
            execute(f"DROP TRIGGER {table}_fixed ON {table}")
        execute(f"DROP TRIGGER {SAMPLE}_kept ON {SAMPLE}")
        execute("DROP FUNCTION touchstone_sample_kept()")
        return
    for act in ("update", "delete"):
        execute(f"DROP TRIGGER {SAMPLE}_kept_{act}")
        for table in FIXED:
            execute(f"DROP TRIGGER {table}_fixed_{act}")


class Migration(migrations.Migration):
    """Guard what was drawn."""

    dependencies = [("evaluation", "0003_samples")]

    operations = [migrations.RunPython(guard, unguard)]
