"""What `pool_curves.py` is made of: sets, the task model, entrants of both libraries, the log, the summary."""
