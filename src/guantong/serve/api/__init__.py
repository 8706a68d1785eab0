"""The API told to programs: what can be asked where, and what an answer holds.

The operations and the shapes of their answers are data beside this room; from them come the OpenAPI document
and a page for people. The EPCIS binding below ``/epcis`` is described by its own standard.
"""
