"""What a reply belongs to is its own study's; on PostgreSQL keys of many rows are checked at once.

A foreign key looks up every row by itself, which was two fifths of the database's time while
millions load. Instead, each INSERT or COPY of replies and of their texts looks up what it names
once, locks it as a foreign key does, and refuses what is not there or is another study's, which a
foreign key never saw. Deleting what others name is refused at the end of the transaction, as
before. SQLite keeps its foreign keys, which cost little there, and refuses other studies' rows one
by one. See docs/adr/0044-replies-name-what-they-belong-to-at-once.md.
"""

from django.db import migrations

REPLIES, TEXTS, STUDY = "annotation_response", "annotation_textversion", "annotation_study"
# Whose rows a reply names, by its column: all but the study have a study themselves.
OF_STUDIES = {
    "query_id": "annotation_query",
    "model_id": "annotation_languagemodel",
    "batch_id": "annotation_batch",
}
PARENTS = {REPLIES: {"study_id": STUDY, **OF_STUDIES}, TEXTS: {"response_id": REPLIES}}
NAME = "response_parents_of_its_study"
WORDS = "a foreign key names what is another study''s"
KEYS = """
SELECT conname, attname FROM pg_constraint
JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
WHERE conrelid = %s::regclass AND contype = 'f'
"""
# While a table grows its planner believes it small, and a plan that is kept would read all of it.
# So rows are looked up one by one and by nothing but their key: OFFSET 0 keeps the planner from
# joining, and from an index of another column, which would read all of a study.
BY_INDEX = "SET enable_seqscan TO off"


def missing(child, column, parent, rows):
    """Return the statement that locks what the rows name, and refuses what is not there."""
    of_study = column in OF_STUDIES
    named = f"SELECT DISTINCT {column}{', study_id' if of_study else ''} FROM {rows}"
    same = " WHERE met.study_id = named.study_id" if of_study else ""
    refusal = f"{NAME}: " if of_study else ""
    refusal += f"{child}.{column} is no foreign key to {parent}"
    refusal += ", or to another study''s" if of_study else ""
    return f"""
    SELECT count(*) INTO wanted FROM ({named}) AS named;
    SELECT count(*) INTO found FROM (
        SELECT met.id FROM ({named}) AS named CROSS JOIN LATERAL (
            SELECT * FROM {parent} AS parent WHERE parent.id = named.{column}
            OFFSET 0 FOR KEY SHARE
        ) AS met{same}
    ) AS every;
    IF found <> wanted THEN
        RAISE foreign_key_violation
            USING MESSAGE = '{refusal}', TABLE = '{child}', COLUMN = '{column}';
    END IF;"""


def checking(name, child, rows):
    """Return the function that checks all that the rows of a table name."""
    parents = PARENTS[child].items()
    checks = "".join(missing(child, column, parent, rows) for column, parent in parents)
    return f"""
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql {BY_INDEX} AS $$
DECLARE wanted bigint; found bigint;
BEGIN{checks}
    RETURN NULL;
END $$"""


def watched(child, column, parent):
    """Return what refuses to let go of a row that others name: a function and its trigger."""
    name = f"{child}_{column}_kept"
    return (
        f"""
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql {BY_INDEX} AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM {child} WHERE {column} = OLD.id)
        AND NOT EXISTS (SELECT 1 FROM {parent} WHERE id = OLD.id) THEN
        RAISE foreign_key_violation USING MESSAGE =
            '{parent} ' || OLD.id || ' is still named by the foreign key {child}.{column}',
            TABLE = '{child}', COLUMN = '{column}';
    END IF;
    RETURN NULL;
END $$""",
        f"""
CREATE CONSTRAINT TRIGGER {name} AFTER DELETE OR UPDATE OF id ON {parent}
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {name}()""",
    )


def emptied(child, parent):
    """Return what refuses to cut a parent's table to nothing beside rows that name its own."""
    name = f"{child}_{parent}_cut"
    return (
        f"""
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM {child}) THEN
        RAISE foreign_key_violation USING MESSAGE =
            '{parent} is named by foreign keys of {child}, which has rows',
            TABLE = '{child}';
    END IF;
    RETURN NULL;
END $$""",
        f"CREATE TRIGGER {name} AFTER TRUNCATE ON {parent}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
    )


def settled(column, parent, *, sqlite):
    """Return what keeps a parent in its study while replies of that study name it."""
    name, words = f"{REPLIES}_{column}_settled", f"{NAME}: {parent} has replies of its study"
    moved = "OLD.study_id <> NEW.study_id"
    named = f"EXISTS (SELECT 1 FROM {REPLIES} WHERE {column} = OLD.id)"
    if sqlite:
        return [
            f"CREATE TRIGGER {name} BEFORE UPDATE OF study_id ON {parent} WHEN {moved} AND {named}"
            f" BEGIN SELECT RAISE(ABORT, '{words}'); END"
        ]
    return [
        f"""
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql {BY_INDEX} AS $$
BEGIN
    IF {named} THEN
        RAISE foreign_key_violation USING MESSAGE = '{words}', TABLE = '{REPLIES}';
    END IF;
    RETURN NULL;
END $$""",
        f"CREATE TRIGGER {name} AFTER UPDATE OF study_id ON {parent}"
        f" FOR EACH ROW WHEN ({moved}) EXECUTE FUNCTION {name}()",
    ]


def instead_of_keys(child):
    """Return the statements that put triggers where a table's foreign keys were."""
    moved = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in PARENTS[child])
    yield checking(f"{child}_added", child, "added")
    yield (
        f"CREATE TRIGGER {child}_added AFTER INSERT ON {child} REFERENCING NEW TABLE AS added"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {child}_added()"
    )
    yield checking(f"{child}_moved", child, "(SELECT NEW.*) AS one")
    yield (
        f"CREATE TRIGGER {child}_moved AFTER UPDATE ON {child}"
        f" FOR EACH ROW WHEN ({moved}) EXECUTE FUNCTION {child}_moved()"
    )
    for column, parent in PARENTS[child].items():
        yield from watched(child, column, parent)
        yield from emptied(child, parent)


def on_sqlite(act):
    """Return the trigger that refuses rows of another study; what is missing the keys see."""
    alien = " OR ".join(
        f"(SELECT study_id FROM {parent} WHERE id = NEW.{column}) <> NEW.study_id"
        for column, parent in OF_STUDIES.items()
    )
    return (
        f"CREATE TRIGGER {REPLIES}_{act}_of_its_study BEFORE {act} ON {REPLIES}"
        f" WHEN {alien} BEGIN SELECT RAISE(ABORT, '{NAME}: {WORDS}'); END"
    )


def check_many_at_once(apps, schema_editor):
    """Put the triggers in the place of the foreign keys."""
    if schema_editor.connection.vendor != "postgresql":
        for act in ("insert", "update"):
            schema_editor.execute(on_sqlite(act))
        for column, parent in OF_STUDIES.items():
            for statement in settled(column, parent, sqlite=True):
                schema_editor.execute(statement)
        return
    for column, parent in OF_STUDIES.items():
        for statement in settled(column, parent, sqlite=False):
            schema_editor.execute(statement)
    for child, parents in PARENTS.items():
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(KEYS, [child])
            keys = [name for name, column in cursor.fetchall() if column in parents]
        for name in keys:
            schema_editor.execute(f'ALTER TABLE {child} DROP CONSTRAINT "{name}"')
        for statement in instead_of_keys(child):
            schema_editor.execute(statement)


def check_each(apps, schema_editor):
    """Put the foreign keys back."""
    if schema_editor.connection.vendor != "postgresql":
        for act in ("insert", "update"):
            schema_editor.execute(f"DROP TRIGGER {REPLIES}_{act}_of_its_study")
        for column in OF_STUDIES:
            schema_editor.execute(f"DROP TRIGGER {REPLIES}_{column}_settled")
        return
    for column, parent in OF_STUDIES.items():
        schema_editor.execute(f"DROP TRIGGER {REPLIES}_{column}_settled ON {parent}")
        schema_editor.execute(f"DROP FUNCTION {REPLIES}_{column}_settled()")
    for child, parents in PARENTS.items():
        for name in ("added", "moved"):
            schema_editor.execute(f"DROP TRIGGER {child}_{name} ON {child}")
            schema_editor.execute(f"DROP FUNCTION {child}_{name}()")
        for column, parent in parents.items():
            schema_editor.execute(f"DROP TRIGGER {child}_{column}_kept ON {parent}")
            schema_editor.execute(f"DROP FUNCTION {child}_{column}_kept()")
            schema_editor.execute(f"DROP TRIGGER {child}_{parent}_cut ON {parent}")
            schema_editor.execute(f"DROP FUNCTION {child}_{parent}_cut()")
            schema_editor.execute(
                f"ALTER TABLE {child} ADD CONSTRAINT {child}_{column}_fk FOREIGN KEY ({column})"
                f" REFERENCES {parent} (id) DEFERRABLE INITIALLY DEFERRED"
            )


class Migration(migrations.Migration):

    dependencies = [("annotation", "0014_personal_data")]
    operations = [migrations.RunPython(check_many_at_once, check_each)]
