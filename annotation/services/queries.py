"""What a batch's lines tell of their queries: made as it is met, and refused where it differs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model

from annotation import bulk, wide_table
from annotation.files import Problem
from annotation.models import LanguageModel, Query, Scenario, Study, Value
from annotation.prepared import PreparedReply, Told
from annotation.tally import Tally

T = TypeVar("T", bound=Model)
# Lines of one query must say the same of these; the first line that is stored decides.
QUERY_FIELDS = ("scenario_id", "framing", "value_a", "value_b", "language")
# Of these a later line may say nothing.
LOOSE_FIELDS = ("topics", "facts", "anchors")


@dataclass(slots=True)
class Queries:
    """The queries of a chunk: what is stored of each, and their keys."""

    ids: dict[str, int]
    told: dict[str, Told]
    # Those that were there before this chunk, which alone can have replies.
    known: frozenset[int]


def models_of(study: Study, lines: list[PreparedReply]) -> dict[str, int]:
    """Return the models of these lines by their keys, made where they are missing."""

    def make(key: str) -> LanguageModel:
        provider, _, name = key.rpartition("/")
        name, provider = wide_table.MODELS.get(key, (name, provider))
        return LanguageModel(study=study, key=key, display_name=name or key, provider=provider)

    return _found_or_made(study, LanguageModel, "key", {line.model for line in lines}, make)


def with_values_by_name(
    study: Study, lines: list[PreparedReply], tally: Tally
) -> list[PreparedReply]:
    """Put lines that name a value by an alias to that value; a name of its own goes before."""
    known = Value.objects.filter(study=study)
    aliased = known.exclude(aliases=[]).values_list("name", "aliases")
    by_alias = {alias.casefold(): name for name, aliases in aliased for alias in aliases}
    if not by_alias:
        return lines
    names = set(known.values_list("name", flat=True))
    found = []
    for line in lines:
        a, b = (
            said if said in names else by_alias.get(said.strip().casefold(), said)
            for said in (line.told.value_a, line.told.value_b)
        )
        if a == b:
            said = f"{line.told.value_a!r:.80} and {line.told.value_b!r:.80}"
            reason = f"{said} are one value, {a!r:.80}. Name two."
            tally.refuse([problem(line, "value_b", reason)])
        else:
            found.append(line._replace(told=line.told._replace(value_a=a, value_b=b)))
    return found


def agreeing(
    study: Study, lines: list[PreparedReply], tally: Tally
) -> tuple[list[PreparedReply], Queries]:
    """Make the chunk's new queries, and refuse the lines that contradict their query."""
    queries = _stored(study, {line.query_id for line in lines})
    first: dict[str, Told] = {}
    kept = []
    for line in lines:
        stored = queries.told.get(line.query_id)
        if stored is None:
            stored = queries.told[line.query_id] = first[line.query_id] = line.told
        if line.told is stored or line.told == stored:
            kept.append(line)
        elif problems := _contradictions(line, stored):
            tally.refuse(problems)
        else:
            kept.append(line)
    queries.ids.update(_made(study, first))
    return kept, queries


def problem(line: PreparedReply, field: str, reason: str) -> Problem:
    """Return what is wrong with a reply, where it stands."""
    return Problem(line.place.line, field, reason, part=line.place.part)


def _stored(study: Study, ids: set[str]) -> Queries:
    known = bulk.keys_of(Query, "external_id", ids, study_id=study.pk)
    rows = Query.objects.filter(pk__in=known.values()).values_list(
        "external_id",
        "pk",
        "scenario__external_id",
        "framing",
        "value_a__name",
        "value_b__name",
        "language",
        *LOOSE_FIELDS,
    )
    found = {key: (pk, Told(*told)) for key, pk, *told in rows}
    return Queries(
        ids={key: pk for key, (pk, _) in found.items()},
        told={key: told for key, (_, told) in found.items()},
        known=frozenset(pk for pk, _ in found.values()),
    )


def _made(study: Study, first: dict[str, Told]) -> dict[str, int]:
    """Make queries as the first line of each tells of them, with their values and scenarios."""
    if not first:
        return {}
    values = _found_or_made(
        study,
        Value,
        "name",
        {name for told in first.values() for name in (told.value_a, told.value_b)},
        lambda name: Value(study=study, name=name),
    )
    scenarios = _found_or_made(
        study,
        Scenario,
        "external_id",
        {told.scenario_id for told in first.values() if told.scenario_id},
        lambda key: Scenario(study=study, external_id=key),
    )
    alone = [key for key, told in first.items() if not told.scenario_id]
    own = bulk.insert([Scenario(study_id=study.pk) for _ in alone])
    own_by_query = {key: scenario.pk for key, scenario in zip(alone, own, strict=True)}
    made = bulk.insert(
        [
            Query(
                study_id=study.pk,
                external_id=key,
                scenario_id=scenarios[told.scenario_id] if told.scenario_id else own_by_query[key],
                framing=told.framing,
                value_a_id=values[told.value_a],
                value_b_id=values[told.value_b],
                language=told.language,
                topics=told.topics,
                facts=told.facts,
                anchors=told.anchors,
            )
            for key, told in first.items()
        ]
    )
    return {query.external_id: query.pk for query in made}


def _contradictions(line: PreparedReply, stored: Told) -> list[Problem]:
    given, there = line.told._asdict(), stored._asdict()
    differing = [name for name in QUERY_FIELDS if given[name] != there[name]]
    differing += [name for name in LOOSE_FIELDS if given[name] and given[name] != there[name]]
    return [
        problem(
            line,
            name,
            f"is {given[name]!r:.80}, but query {line.query_id!r} has {there[name]!r:.80}."
            " Lines of one query must agree.",
        )
        for name in differing
    ]


def _found_or_made(
    study: Study, table: type[T], field: str, keys: set[str], make: Callable[[str], T]
) -> dict[str, int]:
    """Return the rows with these names, made where they are missing, also by another upload."""

    known = bulk.keys_of(table, field, keys, study_id=study.pk)
    missing = sorted(keys - known.keys())
    if not missing:
        return known
    table._default_manager.bulk_create((make(key) for key in missing), ignore_conflicts=True)
    return bulk.keys_of(table, field, keys, study_id=study.pk)
