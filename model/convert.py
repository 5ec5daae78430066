"""From a checkpoint to the folder of files that `LanguageModel` opens."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.cache import Kind, change_cache
from model.checkpoint import Checkpoint, open_checkpoint
from model.fitting.calibration import calibrated
from model.fitting.calibration_text import asked
from model.fitting.importance import sensitivity
from model.fitting.layerwise import Tokens
from model.fitting.plan import extra, narrowed, planned, room
from model.fitting.prune import with_vocabulary_of
from model.fitting.smoothing import smoothed, smoothing_factors
from model.graph import LONGEST_CONTEXT, build
from model.progress import Progress, unseen
from model.quantize import Matrix, stored_as
from model.recipes import RECIPES, Recipe
from model.tokenizer import CodeTokenizer, build_tokenizer

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


_CALIBRATION = (144, 256)  # prompts and their tokens, from as many places
_SCAN = (4, 512)


def convert(
    source: Path,
    folder: Path,
    recipe: str = "int4",
    progress: Progress = unseen,
    *,
    cache: Kind = "fp32",
    notes: Path | None = None,
) -> None:
    """Writes model.onnx, model.onnx.data, tokenizer.json and, last, model.json into `folder`.

    `source` is what `open_checkpoint` takes; `progress` counts layers. `notes` is the folder, else
    `folder`, where the sensitivity of the source's parts is kept, so that it is measured once.
    Raises UnsupportedModel when the source is not one we can convert.
    """
    chosen = RECIPES[recipe]
    whole, checkpoint = opened(source, chosen)
    tokenizer = build_tokenizer(checkpoint.vocabulary)
    about = description(checkpoint)

    def sample(size: tuple[int, int]) -> Tokens:
        count, length = size
        sequences = asked(CodeTokenizer(tokenizer), about["template"], count=count, length=length)
        return np.array(sequences)

    step = partial(_step, progress)
    kept = narrowed(checkpoint.shape, chosen)
    if room(chosen, whole.shape, kept) > min(extra(chosen, kept).values()):
        known = _sensitivity(checkpoint, sample, notes or folder, step("measuring the layers"))
        chosen = planned(chosen, whole.shape, kept, known)
    made: dict[str, Matrix] = {}
    if chosen.calibrated:
        tokens = sample(_CALIBRATION)
        if chosen.smoothed:
            factors = smoothing_factors(checkpoint, tokens, step("smoothing"))
            checkpoint = smoothed(checkpoint, factors)
        width = kept.feed_forward
        made = calibrated(checkpoint, chosen.precision, tokens, step("calibrating"), width=width)

    def rounding(name: str, weight: NDArray[np.float32]) -> Matrix:
        return made[name] if name in made else stored_as(weight, chosen.precision(name))

    build(checkpoint, rounding, folder / "model.onnx", step(f"converting to {recipe}"))
    tokenizer.save(str(folder / "tokenizer.json"))
    about |= {
        "recipe": recipe,
        "finer": sorted(chosen.finer),
        "cache": cache,
    }
    if cache != "fp32":
        change_cache(folder, cache, about["context"])
    (folder / "model.json").write_text(json.dumps(about, indent=2) + "\n")


def opened(source: Path, recipe: Recipe) -> tuple[Checkpoint, Checkpoint]:
    """The source, and what the recipe keeps of it. Raises UnsupportedModel."""
    whole = open_checkpoint(source)
    kept = with_vocabulary_of(whole, recipe.vocabulary) if recipe.vocabulary else whole
    return whole, kept


def description(checkpoint: Checkpoint) -> dict[str, Any]:
    """What has to be known to use a checkpoint as a model: part of its model.json."""
    tokens = checkpoint.vocabulary.tokens
    special = {tokens[index] for index in checkpoint.vocabulary.special}
    template = "left-context"
    if "<|fim_middle|>" in special:
        template = "qwen-fim"
    elif "<|fim_suffix|>" in special:
        template = "suffix-first"
    return {
        "context": min(checkpoint.shape.context, LONGEST_CONTEXT),
        "template": template,
        "ends": [end for end in _ENDS if end in special],
    }


def _sensitivity(
    checkpoint: Checkpoint,
    sample: Callable[[tuple[int, int]], Tokens],
    folder: Path,
    progress: Callable[[int, int], None],
) -> dict[str, float]:
    """Bits a token that each part adds at 4 bits, measured once for each size of vocabulary."""
    path = folder / "sensitivity.json"
    known: dict[str, dict[str, float]] = json.loads(path.read_text()) if path.exists() else {}
    vocabulary = str(checkpoint.shape.vocabulary)
    if vocabulary not in known:
        tokens = sample(_SCAN)
        known[vocabulary] = sensitivity(checkpoint, tokens, progress)
        path.write_text(json.dumps(known, indent=2) + "\n")
    return known[vocabulary]


def _step(progress: Progress, what: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(done, total, what)
