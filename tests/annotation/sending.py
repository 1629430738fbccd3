"""Sending a file by API, in parts or at once."""

import hashlib
import json

from knox.models import get_token_model
from rest_framework.test import APIClient

UPLOADS = "/api/studies/s/uploads/"
BATCHES = "/api/studies/s/batches/"
PART = "application/offset+octet-stream"


def bearer(account) -> APIClient:
    return APIClient(
        HTTP_AUTHORIZATION=f"Token {get_token_model().objects.create(user=account)[1]}"
    )


def lines(*fields: dict) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in fields).encode()


def start(client, content: bytes, name="replies.jsonl", **more):
    more = {"sha256": hashlib.sha256(content).hexdigest(), **more}
    asked = {"file_name": name, "bytes": len(content), **more}
    return client.post(UPLOADS, asked, format="json")


def patch(client, key: str, offset, part: bytes, kind=PART, **more):
    return client.generic(
        "PATCH", f"{UPLOADS}{key}/", part, kind, HTTP_UPLOAD_OFFSET=str(offset), **more
    )


def finish(client, key: str, **body):
    return client.post(f"{UPLOADS}{key}/finish/", body, format="json")


def sent(client, content: bytes, name="replies.jsonl"):
    """Send a file in one part; return the answer to finishing it."""
    key = start(client, content, name).json()["key"]
    patch(client, key, 0, content)
    return finish(client, key)


def files_in(tmp_path) -> list:
    return list((tmp_path / "uploads").iterdir())
