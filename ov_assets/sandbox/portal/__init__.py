"""The two Oficina Virtual portals, simulated on the real AngularJS libraries, with faults to switch on.

`server.py` starts both, `app.py` is one of them, `world.py` says what there is to list, `faults.py` what can
go wrong, and `control.py` is how tests and demonstrations change all that while it runs.
"""
