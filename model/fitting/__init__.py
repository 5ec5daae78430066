"""Fits a recipe to a model: what keeps more bits, what is left out, and how the rest is rounded."""
