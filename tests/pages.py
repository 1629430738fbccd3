"""What a test reads off the answers of the server."""

import csv
import io

from django.http import HttpResponse


def page(response: HttpResponse) -> str:
    return response.content.decode()


def table(response: HttpResponse) -> list[dict[str, str]]:
    """The rows of a CSV file, by column."""
    return list(csv.DictReader(io.StringIO(response.content.decode())))
