"""Consent texts in several languages, and in which one somebody agreed.

SQLite makes a table anew to add a column, and the new one has no triggers: they are made again.
"""

from django.db import migrations, models

TABLES = ("annotation_consenttext", "annotation_consent")


def guard_again(apps, schema_editor):
    """Make the triggers of the two tables where making the tables anew has dropped them."""
    if schema_editor.connection.vendor == "sqlite":
        for table in TABLES:
            for act, done in (("UPDATE", "changed"), ("DELETE", "deleted")):
                schema_editor.execute(
                    f"CREATE TRIGGER {table}_never_{done} BEFORE {act} ON {table}"
                    f" BEGIN SELECT RAISE(ABORT, 'fixed: rows of {table} are never {done}'); END"
                )


def nothing(apps, schema_editor):
    """Leave the triggers as they are."""


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0009_rules_sweeps'),
    ]

    operations = [
        migrations.RunPython(nothing, guard_again),
        migrations.AddField(
            model_name='consent',
            name='language',
            field=models.CharField(blank=True, max_length=35),
        ),
        migrations.AddField(
            model_name='consent',
            name='text_sha256',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='consenttext',
            name='language',
            field=models.CharField(blank=True, max_length=35),
        ),
        migrations.AddField(
            model_name='consenttext',
            name='translations',
            field=models.JSONField(default=dict),
        ),
        migrations.AddConstraint(
            model_name='consent',
            constraint=models.CheckConstraint(condition=models.Q(('language', ''), models.Q(('text_sha256', ''), _negated=True), _connector='OR'), name='consent_language_with_its_hash'),
        ),
        migrations.RunPython(guard_again, nothing),
    ]
