"""Match request paths to handlers."""

import re
from functools import lru_cache
from typing import final

SEPARATOR = "/"


class Route:
    """One path and what answers it."""

    methods = ("GET", "HEAD")

    def __init__(self, path, handler):
        self.path = path
        self.handler = handler

    # Compiling is slow, so remember.
    @property
    @final
    def pattern(self):
        """The path as a regular expression."""
        return re.compile(self.path.replace("*", "[^/]+"))


@lru_cache(maxsize=64)
def normalize(
    path: str,
    lower: bool = False,
) -> str:
    """Drop a doubled or trailing separator."""

    def squeeze(text):
        return re.sub("/+", SEPARATOR, text)

    return squeeze(path).rstrip(SEPARATOR) or SEPARATOR


async def serve(routes):
    for route in routes:
        await route.handler()
