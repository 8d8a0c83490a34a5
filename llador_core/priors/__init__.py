"""What an LLM wrote about each entity, its vectors, and the anchors made of them."""
