"""Libraries that code imports: how they are found, indexed once, and what may not be read."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.libraries.environments import Environment, environment_of
from indexer.libraries.shelf import Libraries
from indexer.resolution.owners import members_of, names_of
from indexer.resolution.receivers import Place, owner_before
from model.paths import libraries_folder

IMPORTS = [("python", "import paint\nfrom paint.colours import Colour", 1)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests here: the standard library's stubs take seconds."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOWERBIRD_HOME", str(home))
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)


def install(folder: Path, version: str = "1.0", home: object = "/nowhere/bin") -> Path:
    """A virtual environment with one package, as files only; its site-packages."""
    packages = folder / "lib" / "python3.12" / "site-packages"
    (packages / "paint" / "tests").mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text(f"home = {home}\nversion = 3.12.1\n")
    (packages / f"paint-{version}.dist-info").mkdir()
    (packages / "paint" / "__init__.py").write_text(
        f'"""Paints."""\nfrom .colours import Colour as Colour, mix\nVERSION = "{version}"\n'
    )
    (packages / "paint" / "tests" / "test_paint.py").write_text("def test_it(): pass\n")
    (packages / "paint" / "colours.py").write_text(
        'class Colour:\n    """A colour."""\n\n    def lighten(self) -> "Colour":\n'
        '        return self\n\n\ndef mix(one: Colour) -> Colour:\n    """Mixes."""\n'
        "    return one\n"
    )
    return packages


def opened(root: Path) -> Iterator[Libraries]:
    libraries = Libraries(root)
    yield libraries
    libraries.close()


@pytest.fixture
def libraries(root: Path) -> Iterator[Libraries]:
    yield from opened(root)


def versions(libraries: Libraries) -> dict[str, str]:
    return {each.name: each.version for each in libraries.status()}


def members(index, libraries: Libraries, path: str, text: str) -> set[str]:
    names = names_of(index, libraries)
    owner = owner_before(Place(names, path, text))
    return {each for each in members_of(names, owner) if each[0] != "_"} if owner else set()


def test_what_is_imported_is_indexed_once_for_all_workspaces(
    root: Path, tmp_path: Path, libraries: Libraries, monkeypatch: pytest.MonkeyPatch
):
    install(tmp_path / "venv")
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "venv"))
    assert libraries.update(IMPORTS) >= 1
    assert versions(libraries)["paint"] == "1.0"
    files = {file: file.stat().st_ino for file in libraries_folder().iterdir()}
    for other in opened(tmp_path):
        assert other.update(IMPORTS) == 0  # nothing is read again
        assert versions(other) == versions(libraries)
    assert files == {file: file.stat().st_ino for file in libraries_folder().iterdir()}
    assert not [file for file in files if file.suffix == ".partial"]
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)


def test_two_servers_at_once_index_a_library_once(root: Path, tmp_path: Path):
    install(root / ".venv")
    made: list[int] = []
    shelves = [Libraries(root), Libraries(root)]
    threads = [
        threading.Thread(target=lambda each=each: made.append(each.update(IMPORTS)))
        for each in shelves
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) in ([0, 1], [0, 2])  # the stubs, too, where this test runs alone
    assert all("paint" in versions(each) for each in shelves)
    for each in shelves:
        each.close()


def test_members_of_libraries_and_literals_are_known(root: Path, index, libraries: Libraries):
    install(root / ".venv")
    (root / "shop.py").write_text("from paint import Colour, mix\nScope = dict[str, Colour]\n")
    index.update()
    libraries.update(index.imports())
    for text, expected in {
        "from paint import mix\nmix(x).": {"lighten"},
        "import paint\npaint.Colour().lighten().": {"lighten"},
        "import paint.colours as c\ndef f(x: c.Colour):\n    x.": {"lighten"},
        "from paint import colours\ncolours.": {"Colour", "mix"},
        "import paint\npaint.": {"Colour", "mix", "VERSION"},
    }.items():
        assert members(index, libraries, "new.py", text) == expected, text
    for text, some in {
        '", ".': {"join", "split"},
        "x = {}\nx.": {"items", "setdefault"},
        "[1, 2].": {"append"},
        'with open("a") as file:\n    file.': {"read", "readline"},
        "import os\nos.environ.": {"get", "copy"},
        "import os.path\nos.path.": {"join", "exists"},
        "import typing as t\ndef f(m: t.Mapping[str, int]):\n    m.": {"keys", "get"},
        "from pathlib import Path\nPath().parent.": {"read_text", "with_suffix"},
        "try:\n    pass\nexcept OSError as error:\n    error.": {"errno", "filename"},
        "from shop import Scope\ndef f(s: Scope):\n    s.": {"items"},
    }.items():
        assert members(index, libraries, "new.py", text) >= some, text
    assert members(index, libraries, "new.py", "import unknown\nunknown.") == set()
    assert members(index, libraries, "new.ts", '"".') == set()


def test_a_module_of_a_package_is_no_module_of_its_own(root: Path, index, libraries: Libraries):
    (root / "shop").mkdir()
    (root / "shop" / "__init__.py").write_text("")
    (root / "shop" / "json.py").write_text("def of_the_shop(): pass\n")
    (root / "tool.py").write_text("import json\n")
    index.update()
    assert members(index, libraries, "tool.py", "import json\njson.") == {"of_the_shop"}
    libraries.update(index.imports())
    assert "loads" in members(index, libraries, "tool.py", "import json\njson.")
    text = "from shop import json\njson."
    assert members(index, libraries, "tool.py", text) == {"of_the_shop"}


def test_another_version_takes_the_place_of_the_first(root: Path, libraries: Libraries):
    packages = install(root / ".venv")
    libraries.update(IMPORTS)
    module = (packages / "paint" / "colours.py").as_posix()
    (packages / "paint-1.0.dist-info").rename(packages / "paint-2.0.dist-info")
    (packages / "paint" / "colours.py").write_text("class Shade:\n    pass\n")
    assert libraries.update(IMPORTS) == 1
    assert versions(libraries)["paint"] == "2.0"
    assert [each.name for each in libraries.file(module).snippets] == ["Shade"]


def test_a_library_that_is_gone_is_let_go_of(root: Path, libraries: Libraries):
    packages = install(root / ".venv")
    libraries.update(IMPORTS)
    (packages / "paint").rename(packages / "varnish")
    libraries.update(IMPORTS)
    assert "paint" not in versions(libraries)
    assert libraries.file((packages / "paint" / "colours.py").as_posix()).snippets == []


def test_what_libraries_import_of_one_another_is_known(root: Path, index, libraries: Libraries):
    packages = install(root / ".venv")
    (packages / "paint" / "ochre.py").write_text(
        "from pigment import Pigment, grind\n\nclass Ochre(Pigment):\n    pass\n"
    )
    (packages / "pigment.py").write_text(
        "import mineral\nclass Pigment:\n    def dry(self): ...\n\ndef grind(): ...\n"
    )
    (packages / "mineral.py").write_text("def mine(): ...\n")
    (root / "shop.py").write_text("from paint.ochre import Ochre\n")
    index.update()
    libraries.update(index.imports())
    assert "pigment" in versions(libraries)
    text = "from paint.ochre import Ochre\nOchre()."
    assert members(index, libraries, "new.py", text) == {"dry"}
    assert "mineral" not in versions(libraries)  # nothing of the workspace comes that far


@pytest.mark.parametrize("installed", ["a package", "an upgrade", "an environment"])
def test_what_is_installed_later_is_noticed(root: Path, libraries: Libraries, installed: str):
    packages = root / ".venv" / "lib" / "python3.12" / "site-packages"
    if installed != "an environment":
        install(root / ".venv")
    if installed == "a package":
        (packages / "paint").rename(root / "paint")
    assert not libraries.knows(IMPORTS)
    libraries.update(IMPORTS)
    assert libraries.knows(IMPORTS)
    assert libraries.knows([])
    if installed == "a package":
        (root / "paint").rename(packages / "paint")
    elif installed == "an upgrade":
        (packages / "paint-1.0.dist-info").rename(packages / "paint-2.0.dist-info")
    else:
        install(root / ".venv")
    assert not libraries.knows([])
    libraries.update(IMPORTS)
    assert libraries.knows([])
    assert versions(libraries)["paint"] == ("2.0" if installed == "an upgrade" else "1.0")


def test_packages_of_scripts_that_are_installed_later_are_noticed(root: Path, libraries: Libraries):
    imports = [("typescript", 'import { Canvas } from "@art/easel";', 1)]
    libraries.update(imports)
    package = root / "node_modules" / "@art" / "easel"
    package.mkdir(parents=True)
    (package / "index.d.ts").write_text("export declare class Canvas {}\n")
    notes = root / "node_modules" / ".package-lock.json"
    for version in ("1.0.0", "1.1.0"):
        (package / "package.json").write_text(f'{{"version": "{version}"}}')
        (package / "index.d.ts").write_text(f"export declare class Canvas {{}}\n// {version}\n")
        notes.unlink(missing_ok=True)
        notes.write_text(version)  # as npm does, in the folder of an organization, too
        assert not libraries.knows(imports)
        libraries.update(imports)
        assert libraries.knows(imports)
        assert versions(libraries) == {"@art/easel": version}


def test_an_index_that_is_damaged_is_made_anew(root: Path, libraries: Libraries):
    install(root / ".venv")
    libraries.update(IMPORTS)
    libraries.close()
    [file] = [each for each in libraries_folder().glob("paint-1.0-*.sqlite") if _is_of(each, root)]
    file.write_bytes(b"no database at all" * 1000)
    for other in opened(root):
        assert other.update(IMPORTS) == 1
        assert "paint" in versions(other)


def _is_of(file: Path, root: Path) -> bool:
    return str(root).encode() in file.read_bytes()


@pytest.mark.parametrize("home", ["/etc", "/", "..", "", "/usr/share", "/proc/self"])
def test_an_environment_cannot_name_any_folder_as_its_base(root: Path, home: str):
    packages = install(root / ".venv", home=home)
    assert environment_of(root, {}) == Environment((packages,), None)


def test_the_base_counts_where_an_interpreter_was_installed(root: Path, tmp_path: Path):
    base = tmp_path / "base"
    standard = base / "lib" / "python3.12"
    standard.mkdir(parents=True)
    (standard / "os.py").write_text("def getcwd(): ...\n")
    (base / "bin").mkdir()
    install(root / ".venv", home=base / "bin")
    assert environment_of(root, {}).standard is None
    marker = tmp_path / "was run"
    (base / "bin" / "python3.12").write_text(f"#!/bin/sh\ntouch '{marker}'\n")
    (base / "bin" / "python3.12").chmod(0o755)
    (base / "bin" / "python3").symlink_to("python3.12")
    assert environment_of(root, {}).standard == standard
    assert environment_of(tmp_path / "none", {"PATH": str(base / "bin")}).standard == standard
    assert not marker.exists()


def test_links_do_not_lead_out_of_the_workspace(root: Path, tmp_path: Path, libraries: Libraries):
    install(tmp_path / "private")
    (root / ".venv").symlink_to(tmp_path / "private")
    assert environment_of(root, {}).packages == ()
    (root / ".venv").unlink()
    packages = install(root / ".venv")
    outside = tmp_path / "private" / "lib" / "python3.12" / "site-packages" / "paint"
    (packages / "varnish").symlink_to(outside)
    (packages / "paint" / "secret.py").symlink_to(outside / "colours.py")
    libraries.update([*IMPORTS, ("python", "import varnish", 1)])
    assert "varnish" not in versions(libraries)
    assert libraries.file((packages / "paint" / "secret.py").as_posix()).snippets == []
    packages.rename(tmp_path / "moved")
    packages.symlink_to(tmp_path / "moved")
    assert environment_of(root, {}).packages == ()


def test_what_says_no_module_is_not_looked_for(root: Path, tmp_path: Path, libraries: Libraries):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "index.d.ts").write_text("export declare const secret: string;\n")
    for name in ("..", "../outside", "@a/../../../outside"):
        imports = f"import x from '{name}'"
        libraries.update([("typescript", imports, 1), ("python", f"import {name}", 1)])
    assert versions(libraries).keys() <= {"typeshed"}


def test_declarations_of_packages_are_known(root: Path, index, libraries: Libraries):
    package = root / "node_modules" / ".store" / "easel"
    (package / "lib" / "tests").mkdir(parents=True)
    (package / "package.json").write_text(
        '{"version": "3.1.0", "main": "./lib/index.js",'
        ' "exports": {".": {"types": "./lib/index.d.ts"}, "./mini": "./lib/mini.js"}}'
    )
    (package / "lib" / "index.d.ts").write_text(
        "export * from './canvas.js';\nexport declare function hang(canvas: Canvas): Canvas;\n"
    )
    (package / "lib" / "canvas.d.ts").write_text(
        "export declare class Canvas {\n  width: number;\n  stretch(by: number): Canvas;\n}\n"
    )
    (package / "lib" / "mini.d.ts").write_text("export declare const small: Canvas;\n")
    (root / "node_modules" / "easel").symlink_to(package)  # as pnpm has it
    (root / "node_modules" / "outside").symlink_to("/usr")
    (root / "shop.ts").write_text('import { Canvas } from "easel";\nimport "outside";\n')
    index.update()
    libraries.update(index.imports())
    assert versions(libraries) == {"easel": "3.1.0"}
    text = 'import { Canvas } from "easel";\nconst c = new Canvas();\nc.'
    assert members(index, libraries, "new.ts", text) == {"width", "stretch"}
    text = 'import * as easel from "easel";\neasel.'
    assert members(index, libraries, "new.ts", text) == {"Canvas", "hang"}
    assert members(index, libraries, "new.ts", 'import * as m from "easel/mini";\nm.') == {"small"}


def test_nothing_of_a_home_that_cannot_be_written_is_lost(root: Path, libraries: Libraries):
    install(root / ".venv")
    libraries.update(IMPORTS)
    folder = libraries_folder()
    folder.chmod(0o500)
    try:
        for other in opened(root):
            other.update(IMPORTS)
            assert "paint" in versions(other)
    finally:
        folder.chmod(0o700)


def test_the_work_waits_when_it_is_told_to(root: Path, libraries: Libraries):
    install(root / ".venv")
    libraries.update([])
    (root / ".venv" / "new").mkdir()
    turns: list[int] = []

    def pause() -> bool:
        turns.append(1)
        return len(turns) < 3

    assert libraries.update([("python", "import paint", 7)], pause=pause) == 0
    assert not list(libraries_folder().glob("*.partial*"))
    assert os.environ["PATH"] == ""
