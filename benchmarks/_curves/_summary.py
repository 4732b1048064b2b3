FIRST = {"screen": 0, "final": 100}
REPEATS = {"screen": 3, "final": 30}
