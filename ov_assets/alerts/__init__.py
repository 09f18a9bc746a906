"""Alerts: runs and tables → what is wrong (events) → one text and key each (wording) → ledger → people.

Detection and delivery meet in `data_general.alertas_ov` only, so that a mail server that is down loses no
alert, and the same failure twenty times is one message.
"""
