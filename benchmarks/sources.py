"""Real repositories to measure on: source distributions at exact versions, reserved for evaluation.

They come from the package index that pip is set up for, and are unpacked as plain files: nothing
is built or run.
"""

import tarfile
from pathlib import Path

from model.download import DownloadError, download
from model.package_index import open_index

WORK = Path(__file__).parents[1] / ".work" / "sources"

STARLETTE, CLICK, RICH = "starlette==1.10.0", "click==8.5.1", "rich==15.0.0"


def source(requirement: str) -> Path:
    """The unpacked source distribution of `NAME==VERSION`, fetched once.

    Raises DownloadError when it cannot be had.
    """
    place = WORK / requirement.replace("==", "-")
    if not place.exists():
        archive = _fetch(requirement)
        part = place.with_suffix(".part")
        with tarfile.open(archive) as bundle:
            bundle.extractall(part, filter="data")
        (inner,) = part.iterdir()
        inner.rename(place)
        part.rmdir()
    return place


def _fetch(requirement: str) -> Path:
    index = open_index()
    with index.client:
        matches = index.finder.find_matches(requirement)
        link = next((match.link for match in matches if not match.link.is_wheel), None)
        if link is None:
            raise DownloadError(f"the package index has no source distribution of {requirement}")
        archive = WORK / link.filename
        archive.parent.mkdir(parents=True, exist_ok=True)
        download(index.client, link.normalized, archive)
    return archive
