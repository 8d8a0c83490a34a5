"""LLaDoR: knowledge-graph embeddings anchored to what an LLM wrote, for drug repurposing."""

import os

__version__ = "0.1.0"

# Read when torch is imported. Its threads wait for each other at full speed, by default for so long
# that on a busy machine they hold up the very thread they wait for, and steps take ten times as
# long; waiting this short costs a tenth at most on an idle one (benchmarks/busy_machine.py).
os.environ.setdefault("GOMP_SPINCOUNT", "2000")
