"""What `run.py` is made of; it says how to use it."""
