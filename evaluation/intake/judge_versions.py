"""Which judge speaks, in which version."""

from dataclasses import dataclass

from evaluation.errors import JudgeInvalid

LONGEST_NAME = 200
LONGEST_VERSION = 100


@dataclass(frozen=True, slots=True)
class JudgeVersion:
    """Which judge speaks, in which version."""

    name: str
    model: str = ""
    prompt_version: str = ""
    rubric_version: str = ""
    simulated: bool = False

    def check(self) -> None:
        """Refuse names that cannot be stored.

        Raises:
            JudgeInvalid: an empty name, or one that is too long.
        """
        if not self.name.strip() or len(self.name) > LONGEST_NAME:
            raise JudgeInvalid(f"A judge's name has 1 to {LONGEST_NAME} characters.")
        versions = (self.prompt_version, self.rubric_version)
        if len(self.model) > LONGEST_NAME or any(len(v) > LONGEST_VERSION for v in versions):
            raise JudgeInvalid(
                f"A judge's model has up to {LONGEST_NAME} characters, a version {LONGEST_VERSION}."
            )
