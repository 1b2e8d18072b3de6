"""Sending: why Linq refuses, what a message may consist of, and what becomes of it after its 202."""
