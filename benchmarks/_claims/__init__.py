"""What `walker_claims.py` is made of: the preset, the runs of POET, the controls, the rules, the statistics, tables."""
