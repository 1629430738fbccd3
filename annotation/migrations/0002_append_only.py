"""Judgments and answers are added, never changed: only ``current`` may flip.

And an answer's option must be one of its question's: Django has no composite foreign key, so it
is one here on PostgreSQL and a trigger on SQLite, which cannot add a key to a table.
A later migration that rebuilds one of these tables on SQLite must make its triggers again;
``tests/guards/test_never_changed.py`` fails if it does not.
"""

from django.db import migrations

APPEND_ONLY = ("annotation_judgment", "annotation_answer", "annotation_textanswer")

POSTGRESQL = """
CREATE FUNCTION touchstone_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'append_only: rows of % are never deleted', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (to_jsonb(NEW) - 'current') IS DISTINCT FROM (to_jsonb(OLD) - 'current') THEN
        RAISE EXCEPTION 'append_only: rows of % are never changed', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""


def guard(apps, schema_editor):
    """Make the triggers."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL, params=None)  # its % is its own
        for table in APPEND_ONLY:
            schema_editor.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION touchstone_append_only()"
            )
        schema_editor.execute(
            "ALTER TABLE annotation_answer ADD CONSTRAINT answer_option_of_its_question"
            " FOREIGN KEY (option_id, question_id)"
            " REFERENCES annotation_option (id, question_id) DEFERRABLE INITIALLY DEFERRED"
        )
        return
    for table in APPEND_ONLY:
        model = apps.get_model("annotation", table.removeprefix("annotation_"))
        columns = [field.column for field in model._meta.fields if field.column != "current"]
        schema_editor.execute(
            f"CREATE TRIGGER {table}_never_changed BEFORE UPDATE OF {', '.join(columns)} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, 'append_only: rows of {table} are never changed'); END"
        )
        schema_editor.execute(
            f"CREATE TRIGGER {table}_never_deleted BEFORE DELETE ON {table}"
            f" BEGIN SELECT RAISE(ABORT, 'append_only: rows of {table} are never deleted'); END"
        )
    schema_editor.execute(
        "CREATE TRIGGER answer_option_of_its_question BEFORE INSERT ON annotation_answer"
        " WHEN NOT EXISTS (SELECT 1 FROM annotation_option"
        " WHERE id = NEW.option_id AND question_id = NEW.question_id)"
        " BEGIN SELECT RAISE(ABORT, 'answer_option_of_its_question'); END"
    )


def unguard(apps, schema_editor):
    """Drop the triggers."""
    if schema_editor.connection.vendor == "postgresql":
        for table in APPEND_ONLY:
            schema_editor.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        schema_editor.execute("DROP FUNCTION touchstone_append_only()")
        schema_editor.execute(
            "ALTER TABLE annotation_answer DROP CONSTRAINT answer_option_of_its_question"
        )
        return
    for table in APPEND_ONLY:
        schema_editor.execute(f"DROP TRIGGER {table}_never_changed")
        schema_editor.execute(f"DROP TRIGGER {table}_never_deleted")
    schema_editor.execute("DROP TRIGGER answer_option_of_its_question")


class Migration(migrations.Migration):
    """Guard what raters said."""

    dependencies = [("annotation", "0001_initial")]

    operations = [migrations.RunPython(guard, unguard)]
