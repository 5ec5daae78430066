"""From a checkpoint to the folder of files that `LanguageModel` opens."""

import json
from pathlib import Path

from model.cache import Kind, change_cache
from model.checkpoint import open_checkpoint
from model.graph import LONGEST_CONTEXT, build
from model.progress import Progress, unseen
from model.quantize import stored_as
from model.recipes import RECIPES
from model.tokenizer import build_tokenizer

# Tokens after which an answer is over. Chat markers are among them: code models were tuned on
# chats too, and an answer that opens one has nothing more to say.
_ENDS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|fim_pad|>",
    "<|fim_prefix|>",
    "<|fim_suffix|>",
    "<|fim_middle|>",
    "<|file_sep|>",
    "<|repo_name|>",
    "<repo_name>",
    "<file_sep>",
)


def convert(
    source: Path,
    folder: Path,
    recipe: str = "int4",
    progress: Progress = unseen,
    *,
    cache: Kind = "fp32",
) -> None:
    """Writes model.onnx, model.onnx.data, tokenizer.json and, last, model.json into `folder`.

    `source` is what `open_checkpoint` takes; `progress` counts layers. Raises UnsupportedModel
    when it is not one we can convert.
    """
    checkpoint = open_checkpoint(source)
    tokenizer = build_tokenizer(checkpoint.vocabulary)
    precision = RECIPES[recipe].precision
    build(
        checkpoint,
        lambda name, weight: stored_as(weight, precision(name)),
        folder / "model.onnx",
        lambda done, total: progress(done, total, f"converting to {recipe}"),
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    tokens = checkpoint.vocabulary.tokens
    special = {tokens[index] for index in checkpoint.vocabulary.special}
    context = min(checkpoint.shape.context, LONGEST_CONTEXT)
    if cache != "fp32":
        change_cache(folder, cache, context)
    about = {
        "recipe": recipe,
        "cache": cache,
        "context": context,
        "template": "qwen-fim" if "<|fim_middle|>" in special else "left-context",
        "ends": [end for end in _ENDS if end in special],
    }
    (folder / "model.json").write_text(json.dumps(about, indent=2) + "\n")
