"""Values with their meanings, as the tests of files, pages and the glossary have them."""

from collections.abc import Callable
from pathlib import Path

from annotation.models import Study, Value
from annotation.services import flags, values
from annotation.vocabulary import FlagKind
from tests import build
from tests.build import NOW

RIGOR = "Methodical rigor"


def value(study, name: str = "Honesty", **more) -> Value:
    return Value.objects.create(study=study, name=name, **more)


def stored(study) -> dict[str, tuple]:
    return {
        one.name: (one.definition, one.category, one.aliases)
        for one in Value.objects.filter(study=study)
    }


def unclear(study, tmp_path, note="Which kind?") -> Value:
    """A value that a rater found unclear."""
    build.item(study, tmp_path)
    rater = build.rater(study)
    seat = build.claim(rater)
    one = Value.objects.get(study=study, name="Honesty")
    flags.flag(rater=rater, key=seat.key, kind=FlagKind.VALUE, value_id=one.pk, note=note, now=NOW)
    return one


def loader(study: Study, tmp_path: Path) -> Callable:
    """Load CSV text as a file of values."""

    def load_text(text: str, *, name: str = "values.csv", **how):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8", newline="")
        return values.load(study=study, path=path, **how)

    return load_text
