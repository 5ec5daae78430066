"""Prints, as JSON, what a model writes, its first logits, and the vector instructions it had.

python greedy.py FOLDER
"""

import json
import sys
from pathlib import Path

import numpy as np

from model.decoder import Decoder
from model.providers import open_session

PROMPT = [10, 200, 33, 33, 7]


def main(folder: Path) -> None:
    decoder = Decoder(open_session(folder / "model.onnx", threads=1), 64)
    logits = decoder.extend(PROMPT)[-1]
    token = int(logits.argmax())
    for _ in range(16):
        token = int(decoder.extend([token])[-1].argmax())
    # As the processor itself says, not as the system does.
    found = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    about = {"tokens": decoder.tokens, "logits": logits.tolist(), "instructions": found}
    print(json.dumps(about))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
