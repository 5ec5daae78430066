"""Downloads one file, going on where an earlier attempt stopped."""

import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import httpx2

ATTEMPTS = 5
"""How often a connection may break without a byte gained before the download is given up."""

logger = logging.getLogger(__name__)


class DownloadError(Exception):
    """A file could not be brought here; the message is a clause that says why."""


def download(
    client: httpx2.Client,
    url: str,
    path: Path,
    most: int,
    arrived: Callable[[int], None] = lambda _: None,
) -> None:
    """Bring the file at `url`, of `most` bytes at most, to `path`, unless it is there already.

    Until it is complete it lies beside as `NAME.part`, which a later call goes on with.
    `arrived(bytes)` is told how many bytes are there, each time that number changes.
    Raises `DownloadError`.
    """
    part = path.with_name(path.name + ".part")
    at_start, failures = _size(part), 0
    while not path.exists():
        before = _size(part)
        try:
            _go_on(client, url, part, most, arrived)
            part.replace(path)
        except httpx2.HTTPStatusError as error:
            raise DownloadError(f"{_host(url)} answered {error.response.status_code}") from error
        except httpx2.HTTPError as error:
            failures = failures + 1 if _size(part) == before else 1
            # A host that has sent nothing yet is not there; one that stopped may come back.
            if _size(part) == at_start or failures == ATTEMPTS:
                raise DownloadError(f"{_host(url)} does not answer") from error
            logger.info("The connection broke (%s); going on", type(error).__name__)
            time.sleep(2 ** (failures - 1))
    arrived(_size(path))


def _go_on(
    client: httpx2.Client, url: str, part: Path, most: int, arrived: Callable[[int], None]
) -> None:
    """Append what `part` lacks; start again where the other side cannot go on."""
    have = _size(part)
    # Compression on the way would make the ranges mean something else.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # nothing is lacking; a wrong file is told by its hash
        response.raise_for_status()
        resumed = response.status_code == HTTPStatus.PARTIAL_CONTENT
        have = have if resumed else 0
        with part.open("ab" if resumed else "wb") as file:
            for chunk in response.iter_bytes():
                have += len(chunk)
                if have > most:
                    part.unlink()
                    raise DownloadError(f"{_host(url)} sends more than the {most:,} bytes expected")
                file.write(chunk)
                arrived(have)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _host(url: str) -> str:
    return httpx2.URL(url).host or "the folder of packages"
