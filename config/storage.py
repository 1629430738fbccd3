"""Static files under names with their hash, also where the rater's modules import each other."""

from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # has no types
    """Rewrites ``import … from "./other.js"`` in our own modules, so that none is served stale."""

    support_js_module_import_aggregation = True
    # Libraries' files are left alone: some of them name what they do not ship.
    _js_module_import_aggregation_patterns: Any = (
        "rate/*.js",
        CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1],
    )
