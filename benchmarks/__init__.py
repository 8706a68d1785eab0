"""Benchmarks: each module's `run` gives rows of one run, with a floor or a peer beside ours."""
