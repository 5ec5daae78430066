"""Makes the two tiny checkpoints of this folder, and the logits that transformers has of them.

    pip install torch transformers
    python tests/model/samples/make.py

They are random; what they say is nonsense, but the same nonsense in every implementation.
"""

from pathlib import Path

import numpy as np
import torch
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PretrainedConfig,
    PreTrainedModel,
    Qwen2Config,
    Qwen2ForCausalLM,
)

HERE = Path(__file__).parent
TEXT = "    return [value for value in values if value is not None]\nx_1 = 12.5  # größer\n" * 3
SIZES = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 16,
    "max_position_embeddings": 64,
    "vocab_size": 300,
    "tie_word_embeddings": True,
    "initializer_range": 0.3,
}
WORDS = Regex(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPLITTING = {
    "llama": [
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
    ],
    "qwen2": [
        pre_tokenizers.Split(WORDS, "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False),
    ],
}


def main() -> None:
    """Writes both folders."""
    torch.manual_seed(1)
    write("llama", LlamaForCausalLM, LlamaConfig(**SIZES), torch.bfloat16, "40KB")
    qwen2 = Qwen2Config(**SIZES, rope_theta=1e6)
    write("qwen2", Qwen2ForCausalLM, qwen2, torch.float16, "1MB")


def write(
    name: str,
    kind: type[PreTrainedModel],
    config: PretrainedConfig,
    precision: torch.dtype,
    largest_file: str,
) -> None:
    """Writes one checkpoint with its tokenizer, and expected.npz."""
    folder = HERE / name
    model = kind(config)
    for parameter in model.parameters():
        if parameter.ndim == 1:  # transformers begins with biases of 0 and norms of 1
            torch.nn.init.normal_(parameter, mean=0.5, std=0.5)
    model.to(precision).save_pretrained(folder, max_shard_size=largest_file)
    (folder / "generation_config.json").unlink(missing_ok=True)
    tokenizer = trained_tokenizer(name)
    tokenizer.save(str(folder / "tokenizer.json"))
    tokens = tokenizer.encode(TEXT).ids[:40]
    reference = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.inference_mode():
        logits = reference(torch.tensor([tokens])).logits[0].numpy()
    np.savez(folder / "expected.npz", tokens=tokens, logits=logits)


def trained_tokenizer(name: str) -> Tokenizer:
    """A byte-level tokenizer with a few merges and special tokens, as such models have it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(SPLITTING[name])
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=280, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([TEXT], trainer)
    tokenizer.add_special_tokens([AddedToken("<|endoftext|>", special=True)])
    tokenizer.add_tokens([AddedToken("<|fim_middle|>", special=False)])
    return tokenizer


if __name__ == "__main__":
    main()
