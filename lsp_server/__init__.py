"""Bowerbird as a language server and a command: editors, documents, and the completion engine."""
