"""The time line of each clip: what crossed the wire about it, and whether its thread shows the truth."""
