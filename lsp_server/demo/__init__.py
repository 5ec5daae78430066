"""Bowerbird at work on a real repository, as an editor would see it."""
