"""Housekeeping: what is old goes, class by class, and nothing that isn't proven to be somewhere else.

`found.py` says what is too old by age alone, `archived.py` what is verified in S3, `old_runs.py` which runs
of Dagster nobody needs; `sweep.py` puts them together and removes.
"""
