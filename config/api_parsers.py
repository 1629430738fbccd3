"""Reading what comes to the API: JSON as every file of ours is read."""

import json
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from annotation.files import parsed_json


class StrictJson(JSONParser):
    """JSON in UTF-8, each key once, not nested without end, and no text that is none."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return what a body says.

        Raises:
            ParseError: it is not such JSON.
        """
        try:
            found = parsed_json(str(stream.read(), "utf-8"))
            json.dumps(found, ensure_ascii=False).encode()  # JSON may hold half a surrogate pair
        except ValueError as error:
            reason = str(error).encode(errors="backslashreplace").decode()
            raise ParseError(f"This is not JSON: {reason}") from error
        return found
