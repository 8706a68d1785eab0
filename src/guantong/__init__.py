"""Guantong 贯通: one code, all the way through.

An open platform for product quality and safety traceability. The rooms, in the order data
flows through them: ``identify`` and ``rules`` (pure), ``capture`` (pure), ``ledger`` (the
truth), ``store`` (the index), ``parties``, ``trace``, the domains, ``verdict``, ``serve``.
"""

__version__ = "0.1.0"
