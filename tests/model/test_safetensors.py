"""Checkpoints as transformers saves them, against the logits that transformers has of them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

from model.checkpoint import UnsupportedModel, open_checkpoint
from model.convert import convert
from model.decoder import Decoder
from model.providers import open_session
from model.tokenizer import CodeTokenizer

SAMPLES = Path(__file__).parent / "samples"
# `llama` has two files of bfloat16, `qwen2` one of float16.
ARCHITECTURES = ["llama", "qwen2"]


@pytest.fixture
def qwen2(tmp_path: Path) -> Path:
    """A copy of a checkpoint, to be changed."""
    return Path(shutil.copytree(SAMPLES / "qwen2", tmp_path / "qwen2"))


def change(path: Path, **values: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def logits_of(source: Path, folder: Path) -> np.ndarray:
    convert(source, folder, "fp32")
    tokens = np.load(SAMPLES / source.name / "expected.npz")["tokens"]
    decoder = Decoder(open_session(folder / "model.onnx", threads=1), 64)
    return decoder.extend(tokens.tolist(), logits=len(tokens))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_logits_are_those_of_transformers(architecture: str, tmp_path: Path) -> None:
    expected = np.load(SAMPLES / architecture / "expected.npz")["logits"]
    np.testing.assert_allclose(logits_of(SAMPLES / architecture, tmp_path), expected, atol=1e-4)


def test_fp32_tensors_are_read_as_they_are(qwen2: Path, tmp_path: Path) -> None:
    tensors = load_file(qwen2 / "model.safetensors")
    save_file(
        {name: values.astype(np.float32) for name, values in tensors.items()},
        qwen2 / "model.safetensors",
    )
    expected = np.load(SAMPLES / "qwen2" / "expected.npz")["logits"]
    np.testing.assert_allclose(logits_of(qwen2, tmp_path), expected, atol=1e-4)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(
    "text", ["    return [value, x_1]\r\n\n\n  y = 12.50  # groß, 例え\n", "don't  stop\t\t!!\n "]
)
def test_text_is_split_as_the_published_tokenizer_splits_it(
    architecture: str, text: str, tmp_path: Path
) -> None:
    published = Tokenizer.from_file(str(SAMPLES / architecture / "tokenizer.json"))
    convert(SAMPLES / architecture, tmp_path, "int4")
    ours = CodeTokenizer.load(tmp_path / "tokenizer.json")
    assert ours.encode(text) == published.encode(text).ids
    assert b"".join(ours.bytes_of[token] for token in ours.encode(text)) == text.encode()


def test_added_tokens_never_come_out_of_plain_text(tmp_path: Path) -> None:
    convert(SAMPLES / "qwen2", tmp_path, "int4")
    tokenizer = CodeTokenizer.load(tmp_path / "tokenizer.json")
    assert tokenizer.special("<|fim_middle|>") not in tokenizer.encode("<|fim_middle|>")
    assert json.loads((tmp_path / "model.json").read_text())["template"] == "qwen-fim"


def test_every_row_of_the_table_has_a_token() -> None:
    vocabulary = open_checkpoint(SAMPLES / "qwen2").vocabulary
    assert len(set(vocabulary.tokens)) == 300
    assert vocabulary.tokens[-1] == "[PAD299]"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"model_type": "mamba"}, "Only llama and qwen2 decoders can be converted, not mamba"),
        ({"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e6}}, "Scaled positions"),
        ({"tie_word_embeddings": False}, "whose embedding is their head"),
        ({"use_sliding_window": True}, "sliding windows"),
        ({"hidden_act": "gelu"}, "Only SiLU can be converted, not gelu"),
        ({"vocab_size": 200}, "more tokens than the 200 of the model"),
    ],
)
def test_what_the_graph_cannot_express_is_refused(
    qwen2: Path, values: dict[str, object], reason: str
) -> None:
    change(qwen2 / "config.json", **values)
    with pytest.raises(UnsupportedModel, match=reason):
        open_checkpoint(qwen2)


def test_a_tensor_that_the_graph_has_no_place_for_is_refused(qwen2: Path) -> None:
    tensors = load_file(qwen2 / "model.safetensors")
    tensors["model.layers.0.self_attn.o_proj.bias"] = np.ones(32, np.float16)
    save_file(tensors, qwen2 / "model.safetensors")
    with pytest.raises(UnsupportedModel, match=r"o_proj\.bias cannot be converted"):
        open_checkpoint(qwen2)


def test_an_unknown_splitting_rule_is_refused(qwen2: Path) -> None:
    change(qwen2 / "tokenizer.json", pre_tokenizer={"type": "Whitespace"})
    with pytest.raises(UnsupportedModel, match="not as .*Whitespace"):
        open_checkpoint(qwen2)


def test_what_is_missing_or_damaged_is_named(qwen2: Path) -> None:
    weights = qwen2 / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(UnsupportedModel, match="cannot be read"):
        open_checkpoint(qwen2)
    weights.unlink()
    with pytest.raises(UnsupportedModel, match=r"has no weights: model\*\.safetensors is missing"):
        open_checkpoint(qwen2)
    (qwen2 / "config.json").unlink()
    with pytest.raises(UnsupportedModel, match=r"config\.json cannot be read"):
        open_checkpoint(qwen2)
