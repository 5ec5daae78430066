"""Which files of a workspace count, and why the others do not."""

import os
from pathlib import Path, PurePosixPath

import pytest

from indexer.ignore import Ignored
from indexer.walk import Skipped, Unreadable, read, refusal, walk


def write(root: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def kept(root: Path) -> list[str]:
    return [
        each.relative_to(root).as_posix() for each in walk(root) if not isinstance(each, Skipped)
    ]


def skipped(root: Path) -> dict[str, str]:
    return {each.path: each.reason for each in walk(root) if isinstance(each, Skipped)}


def test_nested_gitignores_apply_to_what_lies_below_them(root: Path):
    write(
        root,
        {
            ".gitignore": "*.log\nbuild/\n/top.py\n",
            "a.py": "",
            "a.log": "",
            "top.py": "",
            "sub/top.py": "",
            "build/b.py": "",
            "sub/build/b.py": "",
            "sub/.gitignore": "!keep.log\nlocal.py\n",
            "sub/keep.log": "",
            "sub/local.py": "",
            "local.py": "",
        },
    )
    assert kept(root) == [
        ".gitignore", "a.py", "local.py", "sub/.gitignore", "sub/keep.log", "sub/top.py",
    ]  # fmt: skip


def test_a_folder_that_is_ignored_hides_what_is_in_it_whatever_stands_deeper(root: Path):
    write(root, {".gitignore": "out/\n", "out/.gitignore": "!*\n", "out/a.py": ""})
    assert kept(root) == [".gitignore"]
    assert Ignored(root).leaves_out(PurePosixPath("out/a.py"))


def test_git_s_private_excludes_count(root: Path):
    write(root, {".git/info/exclude": "notes.md\n", "notes.md": "", "a.py": ""})
    assert kept(root) == ["a.py"]


def test_other_people_s_code_is_left_out_and_said_once(root: Path):
    write(
        root,
        {
            "a.py": "",
            "node_modules/x/index.js": "",
            "vendor/y.go": "",
            "env/pyvenv.cfg": "",
            "env/lib/z.py": "",
            "venv/__init__.py": "",  # no environment: only called like one
        },
    )
    assert kept(root) == ["a.py", "venv/__init__.py"]
    assert set(skipped(root)) == {"env/", "node_modules/", "vendor/"}


@pytest.mark.parametrize(
    "name",
    [".env", ".env.local", "prod.env", "server.pem", "id_rsa", "id_ed25519.pub", ".npmrc",
     "aws/credentials", "secrets.yaml", ".ssh/config", "terraform.tfstate", "my-secrets.json"],
)  # fmt: skip
def test_a_secret_is_left_out_by_its_name(root: Path, name: str):
    write(root, {name: "harmless"})
    assert kept(root) == []
    assert refusal(root, PurePosixPath(name))


@pytest.mark.parametrize(
    "name", [".env.example", "secrets.py", "credentials.go", "env.py", "key.rs", "monkey.py"]
)
def test_code_that_only_sounds_like_a_secret_is_kept(root: Path, name: str):
    write(root, {name: "harmless"})
    assert kept(root) == [name]
    assert refusal(root, PurePosixPath(name)) is None


@pytest.mark.parametrize(
    "name", ["jquery.min.js", "package-lock.json", "poetry.lock", "api_pb2.py", "logo.png", "a.csv"]
)
def test_generated_files_and_data_are_left_out_by_name(root: Path, name: str):
    write(root, {name: "x"})
    assert kept(root) == []


def test_what_is_too_large_is_left_out(root: Path):
    write(root, {"large.py": "x = 1\n" * 100_000, "small.py": "x = 1\n"})
    assert kept(root) == ["small.py"]
    assert skipped(root) == {"large.py": "larger than 512 KiB"}


def test_symbolic_links_lead_nowhere(root: Path, tmp_path: Path):
    write(tmp_path, {"outside/secret.py": "", "workspace/a.py": ""})
    (root / "folder").symlink_to(tmp_path / "outside")
    (root / "file.py").symlink_to(tmp_path / "outside" / "secret.py")
    (root / "loop").symlink_to(root)
    assert kept(root) == ["a.py"]


def test_a_pipe_is_not_waited_for(root: Path):
    os.mkfifo(root / "pipe.py")
    assert kept(root) == []
    assert skipped(root) == {"pipe.py": "not a regular file"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_opened_is_skipped(root: Path):
    write(root, {"closed/a.py": "", "b.py": ""})
    (root / "closed").chmod(0)
    try:
        assert kept(root) == ["b.py"]
        assert "closed/" in skipped(root)
    finally:
        (root / "closed").chmod(0o700)


def test_a_part_of_the_workspace_can_be_walked(root: Path):
    write(root, {".gitignore": "out/\n", "a/b/c.py": "", "a/d.py": "", "out/e.py": "",
                 "node_modules/x/y.js": ""})  # fmt: skip
    below = list(walk(root, PurePosixPath("a")))
    assert below == [root / "a/d.py", root / "a/b/c.py"]
    assert list(walk(root, PurePosixPath("out"))) == []
    (refused,) = walk(root, PurePosixPath("node_modules/x"))
    assert isinstance(refused, Skipped)


def test_reading_gives_text_without_a_byte_order_mark(root: Path):
    write(root, {"a.py": b"\xef\xbb\xbfx = '\xc3\xa9'\r\n"})
    assert read(root / "a.py") == "x = 'é'\r\n"


KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA" * 4 + "\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"caf\xe9", "not UTF-8"),
        ("text".encode("utf-16"), "binary"),
        (b"MZ\0\0\0", "binary"),
        (b"x" * 600_000, "larger than 512 KiB"),
        (b"# Code generated by protoc. DO NOT EDIT.\nx = 1\n", "says that it is generated"),
        (b"x=1;" * 5_000, "minified or generated, by its long lines"),
        (KEY.encode(), "holds what looks like a private key"),
        (b'KEY = "' + KEY.replace("\n", "\\n").encode() + b'"', "looks like a private key"),
        (b'token = "ghp_' + b"a1B2" * 9 + b'"', "holds what looks like a GitHub token"),
        (b'key = "AKIA' + b"ABCD2345" * 2 + b'"', "holds what looks like an AWS access key"),
    ],
)
def test_what_must_not_be_read_is_refused_with_the_reason(root: Path, content: bytes, reason: str):
    write(root, {"a.py": content})
    with pytest.raises(Unreadable, match=reason):
        read(root / "a.py")


@pytest.mark.parametrize(
    "content",
    [
        'if line == "-----BEGIN RSA PRIVATE KEY-----":\n    parse(line)\n',
        "# This file is not generated; do edit it.\n",
        'prefix = "ghp_"\n',
    ],
)
def test_code_about_secrets_is_no_secret(root: Path, content: str):
    write(root, {"a.py": content})
    assert read(root / "a.py") == content


def test_a_file_that_has_vanished_may_come_back(root: Path):
    with pytest.raises(Unreadable, match="vanished") as raised:
        read(root / "gone.py")
    assert raised.value.passing
