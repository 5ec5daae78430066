from pathlib import Path

import pytest

from lsp_server.settings import IndexSettings, Settings, load, table


def test_each_source_outranks_the_one_before(tmp_path: Path):
    (tmp_path / "bowerbird.toml").write_text(
        "[completion]\nmax_tokens = 10\ndeadline_ms = 100\nenabled = false\n"
    )
    client = {"completion": {"max_tokens": 20, "deadline_ms": 200}}
    settings, warnings = load(tmp_path, client, {"BOWERBIRD_COMPLETION_MAX_TOKENS": "30"})
    completion = settings.completion
    assert (completion.enabled, completion.deadline_ms, completion.max_tokens) == (False, 200, 30)
    assert not warnings


def test_nothing_set_means_the_defaults():
    assert load(None, None, {"BOWERBIRD_HOME": "/x", "BOWERBIRD_MODELS": "/y"}) == (Settings(), [])


@pytest.mark.parametrize("line", ["allow_download = true", 'name = "../evil"', "threads = 999"])
def test_a_repository_cannot_choose_a_model(tmp_path: Path, line: str):
    (tmp_path / "bowerbird.toml").write_text(f"[model]\n{line}\n")
    settings, [warning] = load(tmp_path, {}, {})
    assert settings == Settings()
    assert "a repository cannot" in warning


@pytest.mark.parametrize("line", ['engine = "qdrant"', 'server = "http://192.0.2.1:6333"'])
def test_a_repository_cannot_say_where_vectors_go(tmp_path: Path, line: str):
    (tmp_path / "bowerbird.toml").write_text(f"[index]\nenabled = false\n{line}\n")
    settings, [warning] = load(tmp_path, {}, {})
    assert settings == Settings(index=IndexSettings(enabled=False))
    assert "a repository cannot" in warning


@pytest.mark.parametrize(
    ("client", "named"),
    [
        ({"completion": {"enabeld": False}}, "completion.enabeld"),
        ({"complete": {}}, "complete"),
        ({"completion": {"enabled": "no"}}, "true or false"),
        ({"completion": {"max_tokens": True}}, "a whole number"),
        ({"completion": {"max_tokens": 0}}, "at least 1"),
        ({"completion": {"eagerness": "wild"}}, "quiet or balanced or eager"),
        ({"completion": 3}, "completion"),
        ([1, 2], "not a table"),
    ],
)
def test_what_cannot_be_used_is_named_and_left_out(client: object, named: str):
    settings, [warning] = load(None, client, {})
    assert settings == Settings()
    assert named in warning


def test_a_broken_file_is_named_and_left_out(tmp_path: Path):
    (tmp_path / "bowerbird.toml").write_text("[completion\n")
    settings, [warning] = load(tmp_path, {}, {})
    assert settings == Settings()
    assert "bowerbird.toml is ignored" in warning


def test_the_environment_sets_each_type():
    environment = {
        "BOWERBIRD_MODEL_NAME": "qwen2.5-coder-0.5b",
        "BOWERBIRD_MODEL_ALLOW_DOWNLOAD": "true",
        "BOWERBIRD_MODEL_THREADS": "2",
    }
    model = load(None, None, environment)[0].model
    assert (model.name, model.allow_download, model.threads) == ("qwen2.5-coder-0.5b", True, 2)


def test_the_table_has_every_setting():
    assert table().count("\n| `") == 13
    assert "| `completion.max_tokens` | `64` | `BOWERBIRD_COMPLETION_MAX_TOKENS` |" in table()
