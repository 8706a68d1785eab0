"""Who is the person in front of the screen, and what may they do?

An account is an entry of the ledger: its login, its firm, its role, the hash of its password. A
session is none: it lives in a file of its own, and without it people sign in again.
"""
