"""What we are compared with: a plain loop, and PyKEEN's own."""
