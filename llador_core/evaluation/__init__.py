"""How good a list is: ranks, metrics with intervals, protocols, and the controls beside them."""
