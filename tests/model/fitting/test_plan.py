from dataclasses import replace
from pathlib import Path

import tiny

from model.checkpoint import open_checkpoint
from model.fitting.plan import bytes_of, narrowed, part_sizes, planned, weights_of
from model.recipes import INT8, RECIPES


def test_the_most_sensitive_parts_keep_8_bits_as_far_as_the_share_goes(tmp_path: Path) -> None:
    path = tiny.write(tmp_path / "tiny.gguf", "llama", tiny.weights("llama"))
    shape = replace(open_checkpoint(path).shape, context=8)
    sensitivity = dict.fromkeys(part_sizes(shape), 0.001) | {"blk.1.ffn": 5.0, "head": 1.0}
    room = {
        share: planned(replace(RECIPES["mixed"], share=share), shape, shape, sensitivity)
        for share in (0.1, 0.4, 1.0)
    }
    assert room[0.1].finer == frozenset()
    assert "blk.1.ffn" in room[0.4].finer
    assert room[0.4].finer < room[1.0].finer == frozenset(sensitivity)
    assert room[0.4].precision("blk.1.ffn_down") == INT8
    for part in set(sensitivity) - room[0.4].finer:
        assert room[0.4].precision(part).bits == 4


def test_names_of_parts_are_not_mistaken_for_longer_ones() -> None:
    recipe = replace(RECIPES["mixed"], finer=frozenset({"blk.1.attn"}))
    assert recipe.precision("blk.1.attn_output") == INT8
    assert recipe.precision("blk.11.attn_output") == recipe.attention


def test_sizes_are_those_of_the_weights(tmp_path: Path) -> None:
    made = tiny.weights("llama")
    path = tiny.write(tmp_path / "tiny.gguf", "llama", made)
    shape = open_checkpoint(path).shape
    assert weights_of(shape) == sum(each.size for each in made.values() if each.ndim == 2)
    assert bytes_of([(10, 128)], INT8) == 10 * (128 + 2 + 1)


def test_of_the_feed_forward_columns_whole_blocks_are_kept(tmp_path: Path) -> None:
    path = tiny.write(tmp_path / "tiny.gguf", "llama", tiny.weights("llama"))
    shape = replace(open_checkpoint(path).shape, feed_forward=1000)
    assert narrowed(shape, replace(RECIPES["mixed"], width=0.95)).feed_forward == 896
    assert narrowed(shape, replace(RECIPES["mixed"], width=1)).feed_forward == 1000
