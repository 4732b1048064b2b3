"""Domains: spaces of tasks, what it means to play them, and the held-out suites on which a learner is judged.

Each domain is a folder: the task and its space, the environment (or whatever else is played), the pictures, the
suites; its data sheet is the docstring of its main class. No explorer and no learner knows any of them.
"""
