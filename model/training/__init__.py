"""How the shipped weights are made: corpus, training, export. Never imported at run time."""
