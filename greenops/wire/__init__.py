"""Puts the parts together: the only room that knows which sensor, ledger and signal.

`start` begins a command before anything else loads; `parts` opens sensors and ledger;
`account` turns energies into emissions; `within` serves `greenops.track`.
"""
