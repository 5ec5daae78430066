"""Gets source packages through the ordinary clients of their indexes and reads them in place.

Nothing is installed, built or unpacked to disk, so no code of a package ever runs: pip downloads
wheels only, npm packs without scripts, apt downloads a source without building it.
"""

import io
import subprocess
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

WORK = Path(__file__).parents[2] / ".work"
"""Downloads, corpus and checkpoints; never committed."""

# Wheels are chosen for this Python, whatever runs the training.
_PYTHON = "3.14"

_PINS = {"pip": "==", "npm": "@", "debian": "=", "debian-source": "="}

# Where Debian keeps the machine's package sources.
_APT_SOURCES = Path("/etc/apt/sources.list.d")


class FetchError(Exception):
    """A package cannot be had; the message says which and why."""


@dataclass(frozen=True)
class Package:
    """One package at one version."""

    name: str
    version: str
    client: str
    """`pip`, `npm`, `debian` (a binary package) or `debian-source`."""
    licence: str
    language: str
    """The language it is in the recipe for; it may hold others too."""

    @property
    def pin(self) -> str:
        """Name and version as the package's client writes them."""
        return f"{self.name}{_PINS[self.client]}{self.version}"


def recipe(path: Path) -> list[Package]:
    """The packages that a recipe file names, in its order."""
    groups = tomllib.loads(path.read_text(encoding="utf-8"))["group"]
    return [_package(pin, group) for group in groups for pin in group["packages"]]


def _package(pin: str, group: dict[str, str]) -> Package:
    client = group["client"]
    # The last @ of a scoped npm name; the first = of a Debian pin.
    name, _, version = pin.rpartition("@") if client == "npm" else pin.partition(_PINS[client])
    return Package(name, version, client, group["licence"], group["language"])


def fetch(package: Package, folder: Path = WORK / "packages") -> list[Path]:
    """The package's archives, downloaded into a folder of its own unless they are there already."""
    place = folder / f"{package.client}-{package.pin}".replace("/", "_").replace(":", "_")
    if not place.exists():
        part = place.with_name(place.name + ".part")
        part.mkdir(parents=True, exist_ok=True)
        _run(_command(package, folder), part)
        part.rename(place)
    return sorted(path for path in place.iterdir() if _is_source(path.name))


def _command(package: Package, folder: Path) -> list[str]:
    if package.client == "pip":
        wheels = ["--no-deps", "--only-binary", ":all:", "--python-version", _PYTHON]
        return ["pip", "download", "--quiet", *wheels, package.pin]
    if package.client == "npm":
        return ["npm", "pack", "--silent", "--ignore-scripts", package.pin]
    if package.client == "debian":
        return ["apt-get", "download", package.pin]
    options = ["source", "--download-only", "--tar-only"]
    return ["apt-get", *_apt_options(folder / "apt"), *options, package.pin]


def _apt_options(folder: Path) -> list[str]:
    """Options under which apt sees the sources of this machine's distribution, as any user."""
    parts, lists = folder / "parts", folder / "lists"
    options = [
        *("-o", "Dir::Etc::SourceList=/dev/null", "-o", f"Dir::Etc::SourceParts={parts}"),
        *("-o", f"Dir::State::Lists={lists}", "-o", f"Dir::Cache={folder / 'cache'}"),
    ]
    if not lists.exists():
        for place in (parts, lists / "partial", folder / "cache"):
            place.mkdir(parents=True)
        for file in _APT_SOURCES.glob("*.sources"):
            text = file.read_text(encoding="utf-8").replace("Types: deb\n", "Types: deb-src\n")
            (parts / file.name).write_text(text, encoding="utf-8")
        _run(["apt-get", *options, "update"], folder)
    return options


def _run(command: list[str], folder: Path) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise FetchError(f"`{command[0]}` is needed to fetch this recipe; install it.") from error
    except subprocess.CalledProcessError as error:
        raise FetchError(
            f"`{' '.join(command)}` failed: {error.stderr.splitlines()[-2:]}"
        ) from error


def _is_source(name: str) -> bool:
    """Whether it is an archive of upstream's source (and not Debian's description or patches)."""
    archive = name.endswith((".whl", ".deb", ".tgz", ".tar.gz", ".tar.xz", ".tar.bz2"))
    return archive and ".debian.tar" not in name


def files(archive: Path, largest: int) -> Iterator[tuple[str, bytes]]:
    """Path and content of each regular file of at most `largest` bytes, in the archive's order."""
    if archive.suffix == ".whl":
        return _files_of_zip(archive, largest)
    return _files_of_tar(archive, largest)


def _files_of_zip(archive: Path, largest: int) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(archive) as bundle:
        for entry in bundle.infolist():
            if not entry.is_dir() and entry.file_size <= largest:
                yield entry.filename, bundle.read(entry)


def _files_of_tar(archive: Path, largest: int) -> Iterator[tuple[str, bytes]]:
    with _open_tar(archive) as bundle:
        for member in bundle:
            reader = bundle.extractfile(member) if member.isfile() else None
            if reader is not None and member.size <= largest:
                # The first folder is the package's own name, or the root of a Debian package.
                yield str(PurePosixPath(*PurePosixPath(member.name).parts[1:])), reader.read()


def _open_tar(archive: Path) -> tarfile.TarFile:
    if archive.suffix != ".deb":
        return tarfile.open(archive)
    command = ["dpkg-deb", "--fsys-tarfile", str(archive)]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    return tarfile.open(fileobj=io.BytesIO(data))
