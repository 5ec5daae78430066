"""The installed models: one folder each, put in place whole and removed whole."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model.catalog import ModelEntry, known_models
from model.paths import models_folder
from model.progress import Progress, unseen

SOURCE = "source.gguf"
"""The file that an installed model was converted from, beside it."""

CONVERTED_SHARE = 1.3
"""The largest that a converted model has been, in sizes of its GGUF file."""


EMBEDDED = Path(__file__).parent / "weights"
"""Where the models are that come with the package, a folder each."""


class StoreError(Exception):
    """A model cannot be installed, found or removed; the message says why and what to do."""


def pull(name: str, *, progress: Progress = unseen, folder: Path | None = None) -> Path:
    """Install the model `name` from the catalogue and return its folder.

    An interrupted pull goes on where it stopped. The model appears under its name only when it is
    complete. Raises `StoreError`.
    """
    entry = _entry(name)
    folder = folder or models_folder()
    target, work = folder / name, _work_folder(folder, name)
    if name in embedded():
        return path_of(name, folder)
    with _alone(folder, name):
        if _is_complete(target):
            return target
        _check_space(entry, folder)
        gguf = work / SOURCE
        if not gguf.exists():
            _fetch(entry, work / "download", progress).rename(gguf)
        shutil.rmtree(work / "download", ignore_errors=True)
        _convert(gguf, work, progress, None)
        shutil.rmtree(target, ignore_errors=True)
        work.rename(target)
    return target


def embedded() -> list[str]:
    """Names of the models that come with the package and need no pull; sorted."""
    return sorted(path.name for path in EMBEDDED.iterdir() if _is_complete(path))


def usable(folder: Path | None = None) -> list[str]:
    """Names of all models that can be opened now, embedded or installed; sorted."""
    return sorted({*embedded(), *installed(folder)})


def quantize(
    name: str, recipe: str, *, progress: Progress = unseen, folder: Path | None = None
) -> Path:
    """Make `NAME-RECIPE` from the installed model `name`, with its card, and return its folder.

    An older one is replaced. What was measured of the layers stays beside `name`, so that an
    interrupted run need not measure it again. Raises `StoreError`.
    """
    source = path_of(name, folder) / SOURCE
    if not source.exists():
        raise StoreError(no_source(name))
    folder = folder or models_folder()
    made = f"{name}-{recipe}"
    target, work = folder / made, _work_folder(folder, made)
    with _alone(folder, made):
        work.mkdir(exist_ok=True)
        _convert(source, work, progress, recipe)
        _write_card(made, source, work, progress)
        shutil.rmtree(target, ignore_errors=True)
        work.rename(target)
    return target


def no_source(name: str) -> str:
    """Says that a model cannot be made anew, and what to do."""
    return (
        f"{name} has no {SOURCE}, from which another recipe could be made: name the model that it "
        "was made from, or remove it and pull it again."
    )


def installed(folder: Path | None = None) -> list[str]:
    """Names of the models that were pulled or made, and are complete; sorted."""
    folder = folder or models_folder()
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if _is_complete(path))


def begun(folder: Path | None = None) -> list[str]:
    """Names of the models whose pull was interrupted, or is under way; sorted."""
    folder = folder or models_folder()
    return sorted(
        path.name[1:].removesuffix(".partial")
        for path in folder.glob(".*.partial")
        if any(file.is_file() for file in path.rglob("*"))
    )


def path_of(name: str, folder: Path | None = None) -> Path:
    """Folder of a usable model. Raises `StoreError` when it is not installed."""
    if name in installed(folder):
        return (folder or models_folder()) / name
    if name in embedded():
        return EMBEDDED / name
    if name in known_models():
        raise StoreError(
            f"The model {name} is not installed: run `bowerbird model pull {name}` first."
        )
    raise _unknown(name)


def remove(name: str, folder: Path | None = None) -> None:
    """Remove a model, or what an interrupted pull left of it. Raises `StoreError` if none is there.

    Models that are not in the catalogue are removed too, so that nothing is left for ever.
    """
    folder = folder or models_folder()
    names = (name, _work_folder(folder, name).name)
    present = [path for path in folder.glob("*") if path.is_dir() and path.name in names]
    if not present:
        path_of(name, folder)
        raise StoreError(f"{name} comes with Bowerbird and takes no place of its own: it stays.")
    with _alone(folder, name):
        for path in present:
            shutil.rmtree(path)
    _lock(folder, name).unlink(missing_ok=True)


def _entry(name: str) -> ModelEntry:
    if name not in known_models():
        raise _unknown(name)
    return known_models()[name]


def _unknown(name: str) -> StoreError:
    return StoreError(f"There is no model {name!r}; choose one of {', '.join(known_models())}.")


def _is_complete(path: Path) -> bool:
    return not path.name.startswith(".") and (path / "model.json").is_file()


def _work_folder(folder: Path, name: str) -> Path:
    return folder / f".{name}.partial"


def _lock(folder: Path, name: str) -> Path:
    return folder / f".{name}.lock"


@contextmanager
def _alone(folder: Path, name: str) -> Iterator[None]:
    """Hold the model against another process (an editor's server, another terminal)."""
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(_lock(folder, name), timeout=0):
            yield
    except Timeout as error:
        raise StoreError(f"Another process is installing {name} already: let it end.") from error


def _check_space(entry: ModelEntry, folder: Path) -> None:
    work = _work_folder(folder, entry.name)
    there = sum(path.stat().st_size for path in work.glob("**/*") if path.is_file())
    downloads = max(source.size for source in entry.sources)
    needed = entry.size + max(downloads, int(entry.size * CONVERTED_SHARE)) - there
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StoreError(
            f"Installing {entry.name} needs {needed / 1e6:,.0f} MB, but {folder} has "
            f"{free / 1e6:,.0f} MB free: make room, or let BOWERBIRD_HOME name a folder elsewhere."
        )


def _fetch(entry: ModelEntry, folder: Path, progress: Progress) -> Path:
    # Imported here: its HTTP client takes a fifth of a second, which only a download should cost.
    from model.download import DownloadError
    from model.fetch import fetch

    folder.mkdir(parents=True, exist_ok=True)
    try:
        return fetch(entry, folder, progress)
    except DownloadError as reasons:
        raise StoreError(
            f"Installing {entry.name} needs a network connection, once, to download "
            f"{entry.sources[0].size / 1e6:.0f} MB, but {reasons}."
        ) from reasons


def _convert(gguf: Path, work: Path, progress: Progress, recipe: str | None) -> None:
    """`recipe`: None for what the best provider here likes."""
    # Imported here: it brings in onnx and numpy, which listing models should not cost.
    from model.checkpoint import UnsupportedModel
    from model.convert import convert
    from model.providers import liking

    likes = liking()
    try:
        convert(gguf, work, recipe or likes.recipe, progress, cache=likes.cache, notes=gguf.parent)
    except (UnsupportedModel, FileNotFoundError) as error:
        raise StoreError(str(error)) from error


def _write_card(name: str, source: Path, work: Path, progress: Progress) -> None:
    from model.measuring import card

    card.write(card.measured(name, work, source, progress), work)
