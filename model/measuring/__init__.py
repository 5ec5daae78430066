"""What an installed model costs and how good it is, by itself and beside llama.cpp."""
