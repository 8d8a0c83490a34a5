"""Knowledge-graph embedding models: score functions, anchored embeddings, scoring without torch."""
