"""Yardsticks of the sequence learner: each module has `PROTOCOL`, `measure(seed)` and `summary(seeds)`."""
