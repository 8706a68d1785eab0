"""How fast is this, on this machine, beside the least that could be done?

An installation is filled through its front door with the market at scale, then asked. Whatever
asks runs in processes of its own, and beside each figure stands a floor from the same run.
"""
