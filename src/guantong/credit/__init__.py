"""The enterprise credit index: a transparent engine that an office could publish from."""
