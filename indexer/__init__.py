"""The workspace index: walk, parse, embed, keep, search. Knows nothing of LSP."""
