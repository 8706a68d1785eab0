"""How does an EPCIS client from elsewhere talk to us? The standard's REST binding, below ``/epcis``.

References:
    EPCIS 2.0, section 12 (REST bindings)
"""
