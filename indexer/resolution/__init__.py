"""What a name in code stands for, by the index and the text alone: no parser, no type checker."""
