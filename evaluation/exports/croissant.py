"""A release described in Croissant, so that tools for datasets load its tables. Pure.

Format 1.0 of MLCommons: JSON-LD with each file and its SHA-256, each table as a record set whose
fields are read from Parquet.
"""

from collections.abc import Iterable
from typing import Any

from evaluation.exports.card import WHAT
from evaluation.exports.columns import TABLES, Column
from evaluation.exports.folder import FileFacts

NAME = "croissant.json"
FORMAT = "http://mlcommons.org/croissant/1.0"
READ_FROM = "parquet"
TYPES = {
    "text": "sc:Text",
    "integer": "sc:Integer",
    "number": "sc:Float",
    "boolean": "sc:Boolean",
    "time": "sc:DateTime",
    "JSON": "sc:Text",
}
MEDIA = {
    "jsonl": "application/jsonlines",
    "csv": "text/csv",
    "parquet": "application/x-parquet",
    "json": "application/json",
    "md": "text/markdown",
}
_OF_CROISSANT = (
    "citeAs", "column", "equivalentProperty", "extract", "field", "fileProperty", "fileObject",
    "fileSet", "format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField",
    "path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate", "separator",
    "source", "subField", "transform",
)  # fmt: skip
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{name: f"cr:{name}" for name in _OF_CROISSANT},
}


def croissant(
    *, title: str, name: str, software: str, files: Iterable[FileFacts]
) -> dict[str, Any]:
    """Return ``croissant.json``. What nobody has told yet, a licence for one, is left out."""
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": FORMAT,
        "name": f"{title}: {name}",
        "description": (
            "Human judgments of model replies, frozen by Touchstone"
            f" {software}. The card is README.md, counts and exclusions are in manifest.json."
        ),
        "version": "1.0.0",
        "isLiveDataset": False,
        "distribution": [_file(file) for file in sorted(files, key=lambda file: file.name)],
        "recordSet": [_table(table, columns) for table, columns in TABLES.items()],
    }


def _file(file: FileFacts) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.name,
        "name": file.name,
        "contentUrl": file.name,
        "contentSize": f"{file.bytes} B",
        "encodingFormat": MEDIA[file.name.rpartition(".")[2]],
        "sha256": file.sha256,
    }


def _table(table: str, columns: tuple[Column, ...]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": table,
        "name": table,
        "description": WHAT[table],
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{table}/{column.name}",
                "name": column.name,
                "description": column.description,
                "dataType": TYPES[column.type],
                "source": {
                    "fileObject": {"@id": f"{table}.{READ_FROM}"},
                    "extract": {"column": column.name},
                },
            }
            for column in columns
        ],
    }
