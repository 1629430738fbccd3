"""What the values of a study mean: definitions, categories and other names."""

from dataclasses import dataclass, field
from pathlib import Path

import structlog
from django.db import transaction

from annotation import files
from annotation.errors import AliasTaken, FileUnreadable
from annotation.files import Problem, Record
from annotation.models import Study, Value
from annotation.tally import Progress, Tally, no_progress
from annotation.value_lines import COLUMNS, ValueLine, unknown_columns, value_line

log = structlog.get_logger("touchstone.values")
FIELDS = ("definition", "category", "aliases")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an admin says of one value."""

    definition: str
    category: str
    aliases: tuple[str, ...]


def load(
    *,
    study: Study,
    path: Path,
    name: str = "",
    strict: bool = False,
    dry_run: bool = False,
    progress: Progress = no_progress,
) -> Tally:
    """Load a file of values in one transaction; good lines are kept, bad ones are named.

    A line names its value as the replies do, or by an alias. What it leaves out or empty stays as
    it is stored; aliases that are given replace those stored. Loading a file again changes nothing.

    Raises:
        FileUnreadable: nothing was loaded; also where a column is none of this format.
    """
    files.check(path, name=name)
    tally = Tally()
    with transaction.atomic():
        Study.objects.select_for_update(no_key=True).get(pk=study.pk)  # one load at a time
        known = _Known.of(study)
        for record in files.read(path, name=name):
            tally.read += 1
            _refuse_columns(record, tally)
            found = [record] if isinstance(record, Problem) else value_line(record)
            if isinstance(found, list):
                tally.refuse(found)
            else:
                _enter(record.line, found, known, tally)
        progress(tally.read)
        if not dry_run and not (strict and tally.refused):
            known.store()
            log.info("values_loaded", study=study.slug, read=tally.read, refused=tally.refused)
    return tally


def change(*, study: Study, value_id: int, meaning: Meaning, by_id: int) -> bool:
    """Store what an admin says of a value; say whether that was something new.

    Raises:
        AliasTaken: an alias names another value.
    """
    with transaction.atomic():
        Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        known = _Known.of(study)
        value = next(one for one in known.by_name.values() if one.pk == value_id)  # never deleted
        for alias in meaning.aliases:
            if other := known.other_named(alias, value):
                raise AliasTaken(_taken(alias, other), alias=alias, value=other.name)
        wanted: dict[str, object] = {
            "definition": meaning.definition,
            "category": meaning.category,
            "aliases": list(meaning.aliases),
        }
        differing = known.update(value, wanted)
        known.store()
    if differing:
        log.info("value_changed", study=study.slug, value=value.pk, fields=differing, by=by_id)
    return bool(differing)


@dataclass(slots=True)
class _Known:
    """The study's values while a file is read, found by name and by alias."""

    study: Study
    by_name: dict[str, Value] = field(default_factory=dict)
    named_in: dict[str, int] = field(default_factory=dict)
    new: list[Value] = field(default_factory=list)
    changed: dict[int, Value] = field(default_factory=dict)
    _by_folded: dict[str, list[Value]] = field(default_factory=dict)
    _by_alias: dict[str, Value] = field(default_factory=dict)

    @classmethod
    def of(cls, study: Study) -> "_Known":
        known = cls(study)
        for value in Value.objects.filter(study=study).order_by("pk"):
            known.add(value)
        return known

    def add(self, value: Value) -> None:
        self.by_name[value.name] = value
        self._by_folded.setdefault(value.name.strip().casefold(), []).append(value)
        self._by_alias.update(dict.fromkeys(map(str.casefold, value.aliases), value))

    def find(self, name: str) -> Value | None:
        """Return the value of this name; else that of this alias; else of a name like it."""
        folded = name.strip().casefold()
        exact = self.by_name.get(name) or self.by_name.get(name.strip())
        if exact is not None or folded in self._by_alias:
            return exact or self._by_alias[folded]
        alike = self._by_folded.get(folded, [])
        return alike[0] if len(alike) == 1 else None

    def other_named(self, alias: str, value: Value) -> Value | None:
        """Return another value that this alias is the name or an alias of."""
        folded = alias.casefold()
        named = [*self._by_folded.get(folded, ()), self._by_alias.get(folded)]
        return next((other for other in named if other is not None and other is not value), None)

    def make(self, name: str, said: dict[str, object]) -> Value:
        value = Value(study=self.study, name=name, **said)
        self.new.append(value)
        self.add(value)
        return value

    def update(self, value: Value, said: dict[str, object]) -> list[str]:
        """Set what is said of a value and return the fields in which that differs."""
        differing = [name for name, new in said.items() if getattr(value, name) != new]
        for name in differing:
            if name == "aliases":
                for alias in value.aliases:
                    self._by_alias.pop(alias.casefold(), None)
            setattr(value, name, said[name])
        if differing:
            self._by_alias.update(dict.fromkeys(map(str.casefold, value.aliases), value))
            self.changed[value.pk] = value
        return differing

    def store(self) -> None:
        Value.objects.bulk_create(self.new)
        if self.changed:
            Value.objects.bulk_update(self.changed.values(), FIELDS)


def _refuse_columns(record: Record | Problem, tally: Tally) -> None:
    """Refuse a file whose first line has a column that is none of this format."""
    unknown = unknown_columns(record) if isinstance(record, Record) and tally.read == 1 else []
    if unknown:
        names = ", ".join(repr(name) for name in unknown)
        raise FileUnreadable(
            f"The file has what values have not: {names}. Keep {', '.join(COLUMNS)}."
        )


def _enter(number: int, line: ValueLine, known: _Known, tally: Tally) -> None:
    """Take one good line into what will be stored, or refuse it for what other values say."""
    said = {name: getattr(line, name) for name in FIELDS if getattr(line, name)}
    value = known.find(line.value)
    problems = _problems(number, line, said, value, known)
    if problems:
        tally.refuse(problems)
    elif value is None:
        made = known.make(line.value.strip(), said)
        known.named_in[made.name] = number
        tally.created += 1
    else:
        known.named_in.setdefault(value.name, number)
        differing = known.update(value, said)
        tally.updated += bool(differing)
        tally.unchanged += not differing


def _problems(
    number: int, line: ValueLine, said: dict[str, object], value: Value | None, known: _Known
) -> list[Problem]:
    """Return in what a line contradicts other values, or an earlier line of its own value."""
    itself = value or Value()
    taken = [(alias, known.other_named(alias, itself)) for alias in line.aliases]
    problems = [Problem(number, "aliases", _taken(alias, other)) for alias, other in taken if other]
    first = known.named_in.get(itself.name)
    if first and any(getattr(itself, name) != new for name, new in said.items()):
        reason = f"“{itself.name}” stands in line {first} with something else. Keep one line."
        problems.append(Problem(number, "value", reason))
    return problems


def _taken(alias: str, other: Value) -> str:
    return f"“{alias}” is the name or an alias of the value “{other.name}” already. Leave it out."
