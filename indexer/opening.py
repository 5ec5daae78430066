"""Opens what is kept of a workspace, in whatever state it was left."""

import logging
from pathlib import Path

from indexer.database import Damaged
from indexer.lock import WriteLock
from indexer.store import DATABASE, Access, Store
from indexer.vectors.engines import Engine
from model.embed import Embedder

log = logging.getLogger(__name__)


def open_store(
    folder: Path, embedder: Embedder, lock: WriteLock, name: str, engine: Engine | None
) -> tuple[Access, Store]:
    """What this process may do with the index in `folder`, and the index itself.

    It holds `lock` if it may write. What is unusual goes into the log under the workspace's `name`.
    Its vectors move to `engine` if one is named.
    Raises `OSError` if there is no index and none can be made; `OtherFormat` and `Damaged` for an
    index that this process can neither search nor make anew.
    """
    try:
        folder.chmod(0o700)
        if lock.acquire():
            return "write", _writable(folder, embedder, engine)
        log.info("Another process keeps the index of %s; here it is only searched.", name)
        return "follow", Store(folder, embedder, "follow")
    except OSError as error:
        lock.release()
        database = folder / DATABASE
        if not (database.exists() and database.stat().st_size):
            raise
        log.warning(
            "The index of %s is searched as it is, since it cannot be written: %s.", name, error
        )
        return "read", Store(folder, embedder, "read")
    except BaseException:
        lock.release()
        raise


def _writable(folder: Path, embedder: Embedder, engine: Engine | None) -> Store:
    """The store; one that is damaged is begun anew."""
    try:
        return Store(folder, embedder, "write", engine)
    except Damaged as error:
        log.warning("Making the index anew: its database cannot be read (%s).", error)
    for file in folder.glob(f"{Path(DATABASE).stem}.*"):
        file.unlink()
    return Store(folder, embedder, "write", engine)
