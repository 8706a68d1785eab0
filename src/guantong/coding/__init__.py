"""Coding at source (源头赋码): which codes did a producer issue, and was this one among them?"""
