"""LLaDoR: knowledge-graph embeddings anchored to what an LLM wrote, for drug repurposing."""

__version__ = "0.1.0"
