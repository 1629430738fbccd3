"""Reports of every kind are kept, with the values from which their pages are drawn again."""

from django.db import migrations, models

TABLE = "evaluation_report"
WORDS = "report_kept: a report that is ready never changes"
BEFORE = ("study_id", "number", "state", "asked", "rules", "until", "software", "result", "sha256",
          "done_at")  # fmt: skip
AFTER = (*BEFORE, "kind", "verdicts", "shown")


def _lift(schema_editor):
    """Drop the triggers: SQLite makes a table anew to add to it, and forgets them."""
    where = f" ON {TABLE}" if schema_editor.connection.vendor == "postgresql" else ""
    for act in ("update", "delete"):
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_kept_{act}{where}")


def _guard(schema_editor, columns):
    """Make the triggers of migration 0006 over these columns."""
    on_postgresql = schema_editor.connection.vendor == "postgresql"
    apart = "IS DISTINCT FROM" if on_postgresql else "IS NOT"
    changed = " OR ".join(f'OLD."{name}" {apart} NEW."{name}"' for name in columns)
    ready = "OLD.state = 'ready'"
    for act, when in (("UPDATE", f"({ready}) AND ({changed})"), ("DELETE", ready)):
        does = (
            f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {TABLE}_kept()"
            if on_postgresql
            else f"WHEN {when} BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"
        )
        schema_editor.execute(
            f"CREATE TRIGGER {TABLE}_kept_{act.lower()} BEFORE {act} ON {TABLE} {does}"
        )


def lift(apps, schema_editor):
    _lift(schema_editor)


def guard_before(apps, schema_editor):
    _guard(schema_editor, BEFORE)


def guard_after(apps, schema_editor):
    _guard(schema_editor, AFTER)


class Migration(migrations.Migration):

    dependencies = [("evaluation", "0010_expired_releases")]
    operations = [
        migrations.RunPython(lift, guard_before),
        migrations.AddField(
            model_name="report",
            name="kind",
            field=models.CharField(
                choices=[
                    ("agreement", "Agreement"),
                    ("judge", "A judge beside people"),
                    ("judge_slices", "A judge in slices"),
                    ("judge_against", "Two judges"),
                    ("judge_items", "Items of a cell"),
                    ("rates", "Rates"),
                    ("models", "Models"),
                    ("labels", "Labels"),
                    ("over_time", "Agreement over time"),
                    ("disagreements", "Kinds of disagreement"),
                    ("disputed", "The most disputed items"),
                    ("order_effects", "Order effects"),
                ],
                default="agreement",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="report",
            name="verdicts",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="report",
            name="shown",
            field=models.JSONField(null=True),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "agreement",
                            "judge",
                            "judge_slices",
                            "judge_against",
                            "judge_items",
                            "rates",
                            "models",
                            "labels",
                            "over_time",
                            "disagreements",
                            "disputed",
                            "order_effects",
                        ],
                    )
                ),
                name="report_kind_known",
            ),
        ),
        migrations.RunPython(guard_after, lift),
    ]
