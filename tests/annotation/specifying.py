"""The addresses of specifications, and a version as an admin sends it."""

from tests import build

LIST = "/studies/s/specifications/"
NEW = f"{LIST}new/"
USE = f"{LIST}use/"
FIND = "/studies/s/clauses/"

GIVEN = {"title": "Rules of care", "key": "care", "version": "1", "text": build.SPECIFICATION}
