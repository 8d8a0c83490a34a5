"""Training anchored embeddings, and the run folders that training leaves."""
