"""Checking published figures (公报校核): which claims of a bulletin hold, and which do not?"""
