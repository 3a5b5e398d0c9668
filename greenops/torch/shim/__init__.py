"""The folder that `greenops wrap` puts first on the job's PYTHONPATH.

Python finds `sitecustomize` in it at its start. Nothing else may lie here: on a path,
every file is a module that a job could import by mistake.
"""
