"""Loading for less: no index where a unique constraint begins with the same column, and LZ4.

Indexes are dropped by name, which is the same on both databases; to make the tables anew, as SQLite
does to alter a field, would take long with millions of replies. New texts are packed with LZ4 where
PostgreSQL was built with it; those that are there stay as they are, and all are read.
"""

import django.db.models.deletion
from django.db import migrations, models

# Table, column and the end of the index's name.
INDEXES = (
    ("annotation_hit", "batch_id", "26e01005"),
    ("annotation_hit", "text_id", "aba14db2"),
    ("annotation_query", "study_id", "c0438a8f"),
    ("annotation_response", "query_id", "2ce609c8"),
    ("annotation_response", "study_id", "c5cfc039"),
    ("annotation_scenario", "study_id", "3750ae79"),
    ("annotation_textversion", "response_id", "240ea747"),
)


SUPPORTED = """
SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'
"""
PACKED = "ALTER TABLE annotation_textversion ALTER COLUMN messages SET COMPRESSION"


def pack_quickly(apps, schema_editor, way="lz4"):
    """Have new texts packed with LZ4, which takes half of what loading a long text took."""
    if schema_editor.connection.vendor != "postgresql":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(SUPPORTED)
        if (cursor.fetchone() or (False,))[0]:
            cursor.execute(f"{PACKED} {way}")


def pack_as_before(apps, schema_editor):
    """Have new texts packed as the server packs by default."""
    pack_quickly(apps, schema_editor, way="DEFAULT")


def without_index(model, field, to, related_name, on_delete=models.PROTECT):
    return migrations.AlterField(
        model_name=model,
        name=field,
        field=models.ForeignKey(
            db_index=False, on_delete=on_delete, related_name=related_name, to=to
        ),
    )


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0010_rater_consent_languages'),
    ]

    operations = [
        migrations.RunPython(pack_quickly, pack_as_before),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f'DROP INDEX "{table}_{column}_{end}"',
                    f'CREATE INDEX "{table}_{column}_{end}" ON "{table}" ("{column}")',
                )
                for table, column, end in INDEXES
            ],
            state_operations=[
                without_index('hit', 'batch', 'annotation.batch', 'hits'),
                without_index(
                    'hit', 'text', 'annotation.textversion', 'hits', django.db.models.deletion.CASCADE
                ),
                without_index('query', 'study', 'annotation.study', 'queries'),
                without_index('response', 'query', 'annotation.query', 'responses'),
                without_index('response', 'study', 'annotation.study', 'responses'),
                without_index('scenario', 'study', 'annotation.study', 'scenarios'),
                without_index('textversion', 'response', 'annotation.response', 'versions'),
            ],
        ),
    ]
