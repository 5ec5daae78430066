"""The page of `bowerbird report`: what is indexed, and what became of suggestions."""
