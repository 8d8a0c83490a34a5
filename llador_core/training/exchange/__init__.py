"""Runs in and out: checkpoints of others, files for others, and whole runs as one zip."""
