"""Every route of the URLconf, found by walking it, with what its parameters may be."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver, reverse

# Pages of libraries are walked by the libraries' own tests; ours are all the rest.
LIBRARIES = ("accounts/", "operator/")


@dataclass(frozen=True)
class Route:
    """One address: its pattern as written, its name with namespaces, its parameters."""

    pattern: str
    name: str
    parameters: tuple[str, ...]

    def url(self, values: dict[str, str]) -> str:
        """Return the address with these parameters."""
        return reverse(self.name, kwargs={name: values[name] for name in self.parameters})


def routes() -> list[Route]:
    """Return our routes, in the order of their patterns."""
    found = {route.pattern: route for route in _walk(get_resolver().url_patterns, "", "")}
    return [found[pattern] for pattern in sorted(found)]


def _walk(patterns, prefix: str, namespace: str) -> Iterator[Route]:
    for entry in patterns:
        pattern = prefix + str(entry.pattern)
        if pattern.startswith(LIBRARIES):
            continue
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry.url_patterns, pattern, inner)
        elif isinstance(entry, URLPattern):
            assert entry.name, f"the route {pattern} has no name"
            parameters = tuple(entry.pattern.converters)
            yield Route(pattern, f"{namespace}{entry.name}", parameters)
