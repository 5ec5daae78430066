"""The whole way from a cursor to a suggestion, without a word of LSP: `engine.py` walks it."""
