"""``manage.py create_study SLUG --rubric FILE``."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_slug
from django.utils import timezone

from annotation.errors import AnnotationError
from annotation.management.loading import UNUSABLE
from annotation.models import Study, User
from annotation.rubric_format import LANGUAGE_CODE, RubricFile, presets, rubric_from_file
from annotation.services import consents, studies
from annotation.vocabulary import StudyState


class Command(BaseCommand):
    """Make a study."""

    help = "Make a study in draft with a rubric from a JSON file or a preset."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("slug", help="The study's name in addresses: letters, digits, - and _.")
        parser.add_argument(
            "--rubric",
            required=True,
            help=f"A rubric file, or a preset: {', '.join(presets())}.",
        )
        parser.add_argument("--title", default="", help="What people read; the slug if left out.")
        parser.add_argument("--guidelines", type=Path, help="A Markdown file that raters read.")
        consent = parser.add_mutually_exclusive_group()
        consent.add_argument(
            "--consent",
            type=Path,
            help="A Markdown file that raters agree to first; a ready text if left out.",
        )
        parser.add_argument(
            "--consent-language",
            default=consents.ENGLISH,
            help="The language of the file of --consent, as de or pt-BR; en if left out.",
        )
        consent.add_argument("--no-consent", action="store_true", help="Ask raters for no consent.")
        parser.add_argument("--admin", help="The account that becomes the study's admin.")
        parser.add_argument("--open", action="store_true", help="Open it to raters at once.")

    def handle(self, *, slug: str, rubric: str, **options: Any) -> None:
        """Make the study."""
        try:
            validate_slug(slug)
            _check_length("slug", slug)
            _check_length("title", options["title"])
            study = studies.create(
                slug=slug,
                title=options["title"] or slug,
                rubric=_rubric(rubric),
                guidelines=_text(options["guidelines"]),
                consent=_consent(options["consent"], none=options["no_consent"]),
                consent_language=_language(options["consent_language"]),
                by=_account(options["admin"]),
                now=timezone.now(),
            )
            if options["open"]:
                studies.change_state(study=study, to=StudyState.OPEN, by_id=None)
        except ValidationError as error:
            raise CommandError(f"{slug!r}: {error.messages[0]}", returncode=UNUSABLE) from error
        except AnnotationError as refusal:
            raise CommandError(str(refusal), returncode=UNUSABLE) from refusal
        self.stdout.write(f"Made study {study.slug} with rubric {study.rubric}.")


def _check_length(name: str, text: str) -> None:
    longest = getattr(Study._meta.get_field(name), "max_length", None) or 0
    if len(text) > longest:
        raise CommandError(f"The {name} is longer than {longest} characters.", returncode=UNUSABLE)


def _rubric(name: str) -> RubricFile:
    known = presets()
    return known[name] if name in known else rubric_from_file(Path(name))


def _text(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}", returncode=UNUSABLE) from error


def _consent(path: Path | None, *, none: bool) -> str:
    if none:
        return ""
    text = _text(path) if path else consents.default_text()
    if not text.strip():
        raise CommandError(
            f"{path} is empty. To ask for none, give --no-consent.", returncode=UNUSABLE
        )
    return text


def _language(code: str) -> str:
    if not LANGUAGE_CODE.fullmatch(code):
        raise CommandError(
            f"{code!r} is no language code such as de or pt-BR.", returncode=UNUSABLE
        )
    return code


def _account(name: str | None) -> User | None:
    if name is None:
        return None
    try:
        return User.objects.get(username=name)
    except User.DoesNotExist:
        raise CommandError(f"There is no account {name!r}.", returncode=UNUSABLE) from None
