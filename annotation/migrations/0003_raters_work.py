"""The tables of the rater's work: consent, specifications, drafts, spans, clauses, records of stages.

SQLite rebuilds a table to add a column that is not empty, which loses its triggers and refuses while
another table's trigger names it: there the triggers go first, and 0004 makes all of them again.
"""

from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

OLD = import_module("annotation.migrations.0002_append_only")


def unguard(apps, schema_editor):
    """Take the triggers off where tables are rebuilt."""
    if schema_editor.connection.vendor == "sqlite":
        OLD.unguard(apps, schema_editor)


def guard(apps, schema_editor):
    """Put the triggers of before back where tables were rebuilt."""
    if schema_editor.connection.vendor == "sqlite":
        OLD.guard(apps, schema_editor)


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0002_append_only'),
    ]

    operations = [
        migrations.RunPython(unguard, guard),
        migrations.CreateModel(
            name='CitedClause',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('turn', models.PositiveSmallIntegerField()),
                ('role', models.CharField(choices=[('violated', 'Violated'), ('supports', 'Supports the answer'), ('governs', 'Governs the case')], max_length=10)),
                ('current', models.BooleanField()),
            ],
        ),
        migrations.CreateModel(
            name='Clause',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('clause_id', models.CharField(max_length=200)),
                ('position', models.PositiveIntegerField()),
                ('title', models.TextField()),
                ('authority', models.CharField(blank=True, max_length=100)),
                ('level', models.PositiveSmallIntegerField()),
                ('text', models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('given_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='ConsentText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('text', models.TextField()),
                ('on_withdrawal', models.CharField(choices=[('keep', 'Kept without any link to the person'), ('delete', 'Deleted')], max_length=10)),
                ('created_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('turn', models.PositiveSmallIntegerField()),
                ('revision', models.PositiveSmallIntegerField(default=0)),
                ('answers', models.JSONField()),
                ('touched', models.JSONField(default=dict)),
                ('updated_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Flag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('item', 'Something is wrong with the item'), ('value', 'A value is unclear')], max_length=10)),
                ('note', models.TextField(blank=True)),
                ('flagged_at', models.DateTimeField()),
                ('resolved_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='RubricDraft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.JSONField()),
                ('updated_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='SpanAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('turn', models.PositiveSmallIntegerField()),
                ('message', models.PositiveSmallIntegerField()),
                ('slot', models.PositiveSmallIntegerField(default=1)),
                ('start', models.PositiveIntegerField()),
                ('end', models.PositiveIntegerField()),
                ('text_sha256', models.CharField(max_length=64)),
                ('quote', models.TextField()),
                ('current', models.BooleanField()),
            ],
        ),
        migrations.CreateModel(
            name='Specification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=100)),
                ('title', models.CharField(max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name='SpecificationVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.CharField(max_length=100)),
                ('source', models.TextField()),
                ('sha256', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='StageRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('turn', models.PositiveSmallIntegerField()),
                ('shown_at', models.DateTimeField(null=True)),
                ('submitted_at', models.DateTimeField()),
                ('active_ms', models.PositiveIntegerField(null=True)),
                ('client', models.CharField(choices=[('wide', 'Page with script, wide screen'), ('narrow', 'Page with script, narrow screen'), ('plain', 'Page without script'), ('elsewhere', 'Imported or simulated')], max_length=10)),
                ('questions', models.JSONField(default=dict)),
                ('signals', models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name='Withdrawal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('policy', models.CharField(choices=[('keep', 'Kept without any link to the person'), ('delete', 'Deleted')], max_length=10)),
                ('withdrew_at', models.DateTimeField()),
                ('judgments', models.PositiveIntegerField()),
                ('first_judgment', models.PositiveBigIntegerField(null=True)),
                ('last_judgment', models.PositiveBigIntegerField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='question',
            name='question_type_known',
        ),
        migrations.RemoveConstraint(
            model_name='rater',
            name='rater_account_has_user',
        ),
        migrations.AddField(
            model_name='item',
            name='retired_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='item',
            name='reviewed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='judgment',
            name='client',
            field=models.CharField(choices=[('wide', 'Page with script, wide screen'), ('narrow', 'Page with script, narrow screen'), ('plain', 'Page without script'), ('elsewhere', 'Imported or simulated')], db_default='elsewhere', default='elsewhere', max_length=10),
        ),
        migrations.AddField(
            model_name='judgment',
            name='language',
            field=models.CharField(blank=True, db_default='', default='', max_length=35),
        ),
        migrations.AddField(
            model_name='judgment',
            name='late_turn',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='judgment',
            name='position',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='judgment',
            name='rule_set_2',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='judgment',
            name='shown_sha256_2',
            field=models.CharField(blank=True, db_default='', default='', max_length=64),
        ),
        migrations.AddField(
            model_name='judgment',
            name='side',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='judgment',
            name='text_version_2',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='membership',
            name='withdrew_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='question',
            name='anchors',
            field=models.CharField(blank=True, max_length=10),
        ),
        migrations.AddField(
            model_name='question',
            name='clauses',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='rater',
            name='withdrew_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='rubric',
            name='kind',
            field=models.CharField(choices=[('single', 'One reply'), ('pair', 'Two replies')], default='single', max_length=6),
        ),
        migrations.AddField(
            model_name='seat',
            name='parked',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='seat',
            name='shown_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='seatopening',
            name='pairs_per_query',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='study',
            name='break_minutes',
            field=models.PositiveSmallIntegerField(default=50),
        ),
        migrations.AddField(
            model_name='study',
            name='edits_until',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='study',
            name='judgments_per_rater',
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='study',
            name='on_withdrawal',
            field=models.CharField(choices=[('keep', 'Kept without any link to the person'), ('delete', 'Deleted')], default='keep', max_length=10),
        ),
        migrations.AddField(
            model_name='study',
            name='sensitive_topics',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='study',
            name='skips_before_review',
            field=models.PositiveSmallIntegerField(default=3),
        ),
        migrations.AddField(
            model_name='study',
            name='support_text',
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name='user',
            name='keys',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='user',
            name='language',
            field=models.CharField(blank=True, max_length=10),
        ),
        migrations.AlterField(
            model_name='question',
            name='type',
            field=models.CharField(choices=[('single', 'One choice'), ('several', 'Several choices'), ('scale', 'Scale'), ('spans', 'Evidence spans'), ('text', 'Text')], max_length=10),
        ),
        migrations.AlterField(
            model_name='rubric',
            name='published_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddConstraint(
            model_name='question',
            constraint=models.CheckConstraint(condition=models.Q(('type__in', ['single', 'several', 'scale', 'spans', 'text'])), name='question_type_known'),
        ),
        migrations.AddConstraint(
            model_name='rater',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('source', 'account'), _negated=True), ('user__isnull', False), ('withdrew_at__isnull', False), _connector='OR'), name='rater_account_has_user'),
        ),
        migrations.AddConstraint(
            model_name='rubric',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['single', 'pair'])), name='rubric_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='seat',
            constraint=models.CheckConstraint(condition=models.Q(('side', None), ('side__in', [1, 2]), _connector='OR'), name='seat_side_known'),
        ),
        migrations.AddField(
            model_name='citedclause',
            name='judgment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='clauses', to='annotation.judgment'),
        ),
        migrations.AddField(
            model_name='citedclause',
            name='question',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.question'),
        ),
        migrations.AddField(
            model_name='citedclause',
            name='clause',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.clause'),
        ),
        migrations.AddField(
            model_name='consent',
            name='rater',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='annotation.rater'),
        ),
        migrations.AddField(
            model_name='consenttext',
            name='study',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='consent_texts', to='annotation.study'),
        ),
        migrations.AddField(
            model_name='consent',
            name='text',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='annotation.consenttext'),
        ),
        migrations.AddField(
            model_name='study',
            name='consent_text',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.consenttext'),
        ),
        migrations.AddField(
            model_name='draft',
            name='seat',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='drafts', to='annotation.seat'),
        ),
        migrations.AddField(
            model_name='flag',
            name='item',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='flags', to='annotation.item'),
        ),
        migrations.AddField(
            model_name='flag',
            name='rater',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='flags', to='annotation.rater'),
        ),
        migrations.AddField(
            model_name='flag',
            name='resolved_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='flag',
            name='value',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='flags', to='annotation.value'),
        ),
        migrations.AddField(
            model_name='rubricdraft',
            name='study',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='rubric_draft', to='annotation.study'),
        ),
        migrations.AddField(
            model_name='rubricdraft',
            name='updated_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='spananswer',
            name='judgment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='spans', to='annotation.judgment'),
        ),
        migrations.AddField(
            model_name='spananswer',
            name='option',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.option'),
        ),
        migrations.AddField(
            model_name='spananswer',
            name='question',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.question'),
        ),
        migrations.AddField(
            model_name='specification',
            name='study',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='specifications', to='annotation.study'),
        ),
        migrations.AddField(
            model_name='specificationversion',
            name='specification',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='annotation.specification'),
        ),
        migrations.AddField(
            model_name='clause',
            name='version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='clauses', to='annotation.specificationversion'),
        ),
        migrations.AddField(
            model_name='judgment',
            name='specification',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.specificationversion'),
        ),
        migrations.AddField(
            model_name='study',
            name='specification',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.specificationversion'),
        ),
        migrations.AddConstraint(
            model_name='judgment',
            constraint=models.CheckConstraint(condition=models.Q(('late_turn', None), models.Q(('current', False), ('late_turn__gte', 1), ('revision__gte', 2)), _connector='OR'), name='judgment_late_is_never_current'),
        ),
        migrations.AddConstraint(
            model_name='judgment',
            constraint=models.CheckConstraint(condition=models.Q(('client__in', ['wide', 'narrow', 'plain', 'elsewhere'])), name='judgment_client_known'),
        ),
        migrations.AddConstraint(
            model_name='judgment',
            constraint=models.CheckConstraint(condition=models.Q(('side', None), ('side__in', [1, 2]), _connector='OR'), name='judgment_side_known'),
        ),
        migrations.AddConstraint(
            model_name='study',
            constraint=models.CheckConstraint(condition=models.Q(('skips_before_review__gte', 1)), name='study_skips_before_review_positive'),
        ),
        migrations.AddConstraint(
            model_name='study',
            constraint=models.CheckConstraint(condition=models.Q(('on_withdrawal__in', ['keep', 'delete'])), name='study_on_withdrawal_known'),
        ),
        migrations.AddField(
            model_name='stagerecord',
            name='judgment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stages', to='annotation.judgment'),
        ),
        migrations.AddField(
            model_name='withdrawal',
            name='rater',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='withdrawal', to='annotation.rater'),
        ),
        migrations.AddConstraint(
            model_name='citedclause',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['violated', 'supports', 'governs'])), name='cited_clause_role_known'),
        ),
        migrations.AddConstraint(
            model_name='citedclause',
            constraint=models.UniqueConstraint(fields=('judgment', 'question', 'turn', 'clause', 'role'), name='cited_clause_once'),
        ),
        migrations.AddConstraint(
            model_name='consenttext',
            constraint=models.CheckConstraint(condition=models.Q(('on_withdrawal__in', ['keep', 'delete'])), name='consent_text_on_withdrawal_known'),
        ),
        migrations.AddConstraint(
            model_name='consenttext',
            constraint=models.UniqueConstraint(fields=('study', 'version'), name='consent_text_version_once_per_study'),
        ),
        migrations.AddConstraint(
            model_name='consenttext',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='consent_text_not_empty'),
        ),
        migrations.AddConstraint(
            model_name='consent',
            constraint=models.UniqueConstraint(fields=('rater', 'text'), name='consent_once_per_text'),
        ),
        migrations.AddConstraint(
            model_name='draft',
            constraint=models.UniqueConstraint(fields=('seat', 'turn', 'revision'), name='draft_once_per_stage'),
        ),
        migrations.AddConstraint(
            model_name='flag',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['item', 'value'])), name='flag_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='flag',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'value'), ('value__isnull', False)), models.Q(('kind', 'item'), ('value', None)), _connector='OR'), name='flag_value_for_its_kind'),
        ),
        migrations.AddConstraint(
            model_name='flag',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('resolved_at', None), ('resolved_by', None)), models.Q(('resolved_at__isnull', False), ('resolved_by__isnull', False)), _connector='OR'), name='flag_resolved_by_and_at_together'),
        ),
        migrations.AddConstraint(
            model_name='flag',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'item'), ('resolved_at', None)), fields=('rater', 'item'), name='flag_open_once_per_item'),
        ),
        migrations.AddConstraint(
            model_name='flag',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'value'), ('resolved_at', None)), fields=('rater', 'item', 'value'), name='flag_open_once_per_value'),
        ),
        migrations.AddConstraint(
            model_name='spananswer',
            constraint=models.CheckConstraint(condition=models.Q(('end__gt', models.F('start'))), name='span_not_empty'),
        ),
        migrations.AddConstraint(
            model_name='spananswer',
            constraint=models.CheckConstraint(condition=models.Q(('slot__in', [1, 2])), name='span_slot_known'),
        ),
        migrations.AddConstraint(
            model_name='spananswer',
            constraint=models.UniqueConstraint(condition=models.Q(('option__isnull', False)), fields=('judgment', 'question', 'turn', 'slot', 'message', 'start', 'end', 'option'), name='span_once'),
        ),
        migrations.AddConstraint(
            model_name='spananswer',
            constraint=models.UniqueConstraint(condition=models.Q(('option', None)), fields=('judgment', 'question', 'turn', 'slot', 'message', 'start', 'end'), name='span_once_without_kind'),
        ),
        migrations.AddConstraint(
            model_name='specification',
            constraint=models.UniqueConstraint(fields=('study', 'key'), name='specification_key_once_per_study'),
        ),
        migrations.AddConstraint(
            model_name='specificationversion',
            constraint=models.UniqueConstraint(fields=('specification', 'version'), name='specification_version_once'),
        ),
        migrations.AddConstraint(
            model_name='clause',
            constraint=models.UniqueConstraint(fields=('version', 'clause_id'), name='clause_id_once'),
        ),
        migrations.AddConstraint(
            model_name='clause',
            constraint=models.UniqueConstraint(fields=('version', 'position'), name='clause_position_once'),
        ),
        migrations.AddConstraint(
            model_name='clause',
            constraint=models.CheckConstraint(condition=models.Q(('level__gte', 1), ('level__lte', 6)), name='clause_level_of_a_heading'),
        ),
        migrations.AddConstraint(
            model_name='stagerecord',
            constraint=models.UniqueConstraint(fields=('judgment', 'turn'), name='stage_record_once'),
        ),
        migrations.AddConstraint(
            model_name='stagerecord',
            constraint=models.CheckConstraint(condition=models.Q(('client__in', ['wide', 'narrow', 'plain', 'elsewhere'])), name='stage_record_client_known'),
        ),
        migrations.AddConstraint(
            model_name='stagerecord',
            constraint=models.CheckConstraint(condition=models.Q(('shown_at', None), ('shown_at__lte', models.F('submitted_at')), _connector='OR'), name='stage_record_shown_before_sent'),
        ),
        migrations.AddConstraint(
            model_name='withdrawal',
            constraint=models.CheckConstraint(condition=models.Q(('policy__in', ['keep', 'delete'])), name='withdrawal_policy_known'),
        ),
    ]
