"""Real repositories to measure on, at exact versions, reserved for evaluation.

They come from the package indexes that pip and npm are set up for, and are unpacked as plain
files: nothing is built or run.
"""

import re
import shutil
import tarfile
from pathlib import Path, PurePosixPath

from model.download import DownloadError, download
from model.package_index import open_index
from model.training.fetch import FetchError, Package, fetch

WORK = Path(__file__).parents[1] / ".work" / "sources"

_MOST_BYTES = 100_000_000  # of a source distribution

STARLETTE, CLICK, RICH = "starlette==1.10.0", "click==8.5.1", "rich==15.0.0"

PYTHON = (
    *(STARLETTE, CLICK, RICH),
    *("attrs==26.1.0", "flask==3.1.3", "httpx==0.28.1", "marshmallow==4.4.0", "requests==2.34.2"),
    *("sqlite-utils==4.2.1", "typer==0.29.1"),
)
"""Source distributions of Python packages, with their tests and documentation."""

JAVASCRIPT = {
    "axios@1.21.1": ("lib", "index.js"),
    "express@5.3.0": ("lib", "index.js"),
    "fastify@5.12.8": (),
    "svelte@5.57.3": ("src",),
    "zod@4.6.7": ("src",),
}
"""Packages in JavaScript and TypeScript, and what of each is written by hand (all, where nothing is
named): the rest is made from it and would give every answer away."""


def source(pin: str) -> Path:
    """The unpacked source of `NAME==VERSION` of Python or `NAME@VERSION` of npm, fetched once.

    Raises DownloadError when it cannot be had.
    """
    place = WORK / re.sub("==|@", "-", pin)
    if not place.exists():
        archive = _fetch_npm(pin) if "@" in pin else _fetch_python(pin)
        part = place.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        _unpack(archive, part, JAVASCRIPT.get(pin, ()))
        (inner,) = part.iterdir()
        inner.rename(place)
        part.rmdir()
    return place


def _unpack(archive: Path, place: Path, wanted: tuple[str, ...]) -> None:
    with tarfile.open(archive) as bundle:
        members = [
            member
            for member in bundle
            if not wanted or set(PurePosixPath(member.name).parts[1:2]) & set(wanted)
        ]
        bundle.extractall(place, members, filter="data")


def _fetch_npm(pin: str) -> Path:
    name, _, version = pin.rpartition("@")
    package = Package(name, version, "npm", licence="MIT", language="javascript")
    try:
        (archive,) = fetch(package)
    except FetchError as error:
        raise DownloadError(str(error)) from error
    return archive


def _fetch_python(requirement: str) -> Path:
    index = open_index()
    with index.client:
        matches = index.finder.find_matches(requirement)
        link = next((match.link for match in matches if not match.link.is_wheel), None)
        if link is None:
            raise DownloadError(f"the package index has no source distribution of {requirement}")
        archive = WORK / link.filename
        archive.parent.mkdir(parents=True, exist_ok=True)
        download(index.client, link.normalized, archive, _MOST_BYTES)
    return archive
