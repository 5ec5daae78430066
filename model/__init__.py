"""Language and embedding models on ONNX Runtime. Knows nothing of workspaces or LSP."""
