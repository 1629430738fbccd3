"""What raters said and agreed to, what they were asked, and specifications: never changed.

As in 0002, with three additions. The judgments of a rater who withdrew may be deleted where the
consent promised it, and only then. A rubric that is published refuses every change, to its
questions and options too. And a span's kind must be an option of its question.
"""

from importlib import import_module

from django.db import migrations

OLD = import_module("annotation.migrations.0002_append_only")

# Tables of judgments, with the column that names the judgment.
OF_JUDGMENTS = {
    "annotation_judgment": "id",
    "annotation_answer": "judgment_id",
    "annotation_textanswer": "judgment_id",
    "annotation_spananswer": "judgment_id",
    "annotation_citedclause": "judgment_id",
    "annotation_stagerecord": "judgment_id",
}
GUARDED_BEFORE = ("annotation_judgment", "annotation_answer", "annotation_textanswer")
FIXED = (
    "annotation_consenttext",
    "annotation_consent",
    "annotation_withdrawal",
    "annotation_specificationversion",
    "annotation_clause",
)
PROMISED = (
    "SELECT 1 FROM annotation_judgment j JOIN annotation_withdrawal w ON w.rater_id = j.rater_id"
    " WHERE w.policy = 'delete' AND j.id = "
)
# Table, and how a row of it leads to the rubric it belongs to.
OF_RUBRICS = {
    "annotation_question": "SELECT 1 FROM annotation_rubric r"
    " WHERE r.published_at IS NOT NULL AND r.id = {row}.rubric_id",
    "annotation_option": "SELECT 1 FROM annotation_rubric r"
    " JOIN annotation_question q ON q.rubric_id = r.id"
    " WHERE r.published_at IS NOT NULL AND q.id = {row}.question_id",
}
# What touches a rubric, and which row says which: an UPDATE may move a row out of one or into one.
TOUCHES = (("insert", "new"), ("update", "old"), ("update", "new"), ("delete", "old"))
OPTION_KEYS = {
    "annotation_answer": "answer_option_of_its_question",
    "annotation_spananswer": "span_option_of_its_question",
}

APPEND_ONLY = f"""
CREATE OR REPLACE FUNCTION touchstone_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF EXISTS ({PROMISED}
            COALESCE((to_jsonb(OLD) ->> 'judgment_id')::bigint, (to_jsonb(OLD) ->> 'id')::bigint))
        THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'append_only: rows of % are never deleted', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (to_jsonb(NEW) - 'current') IS DISTINCT FROM (to_jsonb(OLD) - 'current') THEN
        RAISE EXCEPTION 'append_only: rows of % are never changed', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION touchstone_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'fixed: rows of % are never changed', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE FUNCTION touchstone_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rubric_published: a published rubric never changes'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER annotation_rubric_published BEFORE UPDATE OR DELETE ON annotation_rubric
    FOR EACH ROW WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION touchstone_published();
CREATE FUNCTION touchstone_question_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (TG_OP <> 'DELETE' AND EXISTS ({OF_RUBRICS["annotation_question"].format(row="NEW")}))
    OR (TG_OP <> 'INSERT' AND EXISTS ({OF_RUBRICS["annotation_question"].format(row="OLD")})) THEN
        RAISE EXCEPTION 'rubric_published: a published rubric never changes'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER annotation_question_published BEFORE INSERT OR UPDATE OR DELETE
    ON annotation_question FOR EACH ROW EXECUTE FUNCTION touchstone_question_published();
CREATE FUNCTION touchstone_option_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (TG_OP <> 'DELETE' AND EXISTS ({OF_RUBRICS["annotation_option"].format(row="NEW")}))
    OR (TG_OP <> 'INSERT' AND EXISTS ({OF_RUBRICS["annotation_option"].format(row="OLD")})) THEN
        RAISE EXCEPTION 'rubric_published: a published rubric never changes'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER annotation_option_published BEFORE INSERT OR UPDATE OR DELETE
    ON annotation_option FOR EACH ROW EXECUTE FUNCTION touchstone_option_published();
"""
POSTGRESQL_FUNCTIONS = (
    "touchstone_option_published",
    "touchstone_question_published",
    "touchstone_published",
    "touchstone_fixed",
)


def guard(apps, schema_editor):
    """Make the triggers."""
    make = _on_postgresql if schema_editor.connection.vendor == "postgresql" else _on_sqlite
    make(apps, schema_editor.execute)


def _on_postgresql(apps, execute):
    execute(APPEND_ONLY, params=None)  # its % is its own
    for table in OF_JUDGMENTS.keys() - set(GUARDED_BEFORE):
        execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION touchstone_append_only()"
        )
    for table in FIXED:
        execute(
            f"CREATE TRIGGER {table}_fixed BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION touchstone_fixed()"
        )
    execute(
        "ALTER TABLE annotation_spananswer ADD CONSTRAINT span_option_of_its_question"
        " FOREIGN KEY (option_id, question_id)"
        " REFERENCES annotation_option (id, question_id) DEFERRABLE INITIALLY DEFERRED"
    )


def _on_sqlite(apps, execute):
    for table, judgment in OF_JUDGMENTS.items():
        model = apps.get_model("annotation", table.removeprefix("annotation_"))
        columns = [field.column for field in model._meta.fields if field.column != "current"]
        execute(
            f"CREATE TRIGGER {table}_never_changed BEFORE UPDATE OF {', '.join(columns)} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, 'append_only: rows of {table} are never changed'); END"
        )
        execute(
            f"CREATE TRIGGER {table}_never_deleted BEFORE DELETE ON {table}"
            f" WHEN NOT EXISTS ({PROMISED} OLD.{judgment})"
            f" BEGIN SELECT RAISE(ABORT, 'append_only: rows of {table} are never deleted'); END"
        )
    for table in FIXED:
        for act, done in (("UPDATE", "changed"), ("DELETE", "deleted")):
            execute(
                f"CREATE TRIGGER {table}_never_{done} BEFORE {act} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, 'fixed: rows of {table} are never {done}'); END"
            )
    for table, name in OPTION_KEYS.items():
        execute(
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table}"
            " WHEN NEW.option_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM annotation_option"
            " WHERE id = NEW.option_id AND question_id = NEW.question_id)"
            f" BEGIN SELECT RAISE(ABORT, '{name}'); END"
        )
    said = "SELECT RAISE(ABORT, 'rubric_published: a published rubric never changes')"
    for act in ("UPDATE", "DELETE"):
        execute(
            f"CREATE TRIGGER annotation_rubric_published_{act.lower()} BEFORE {act}"
            " ON annotation_rubric WHEN OLD.published_at IS NOT NULL"
            f" BEGIN {said}; END"
        )
    for table, leads in OF_RUBRICS.items():
        for act, row in TOUCHES:
            execute(
                f"CREATE TRIGGER {table}_published_{act}_{row} BEFORE {act} ON {table}"
                f" WHEN EXISTS ({leads.format(row=row)}) BEGIN {said}; END"
            )


def unguard(apps, schema_editor):
    """Drop what this migration made; 0003 puts back what was there before."""
    execute = schema_editor.execute
    if schema_editor.connection.vendor == "postgresql":
        for table in OF_JUDGMENTS.keys() - set(GUARDED_BEFORE):
            execute(f"DROP TRIGGER {table}_append_only ON {table}")
        for table in FIXED:
            execute(f"DROP TRIGGER {table}_fixed ON {table}")
        for table in ("rubric", "question", "option"):
            execute(f"DROP TRIGGER annotation_{table}_published ON annotation_{table}")
        before = OLD.POSTGRESQL.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
        execute(before, params=None)
        for function in POSTGRESQL_FUNCTIONS:
            execute(f"DROP FUNCTION {function}()")
        execute("ALTER TABLE annotation_spananswer DROP CONSTRAINT span_option_of_its_question")
        return
    for table in (*OF_JUDGMENTS, *FIXED):
        execute(f"DROP TRIGGER {table}_never_changed")
        execute(f"DROP TRIGGER {table}_never_deleted")
    for name in OPTION_KEYS.values():
        execute(f"DROP TRIGGER {name}")
    for act in ("update", "delete"):
        execute(f"DROP TRIGGER annotation_rubric_published_{act}")
    for table in OF_RUBRICS:
        for act, row in TOUCHES:
            execute(f"DROP TRIGGER {table}_published_{act}_{row}")


class Migration(migrations.Migration):
    """Guard what never changes."""

    dependencies = [("annotation", "0003_raters_work")]

    operations = [migrations.RunPython(guard, unguard)]
