"""Two runs in one picture: alignment, what moved, a map of both, and the job that makes it.

Works on arrays and names alone; who reads runs is above.
"""
