"""Reads pictures of pages: scans and photos. Needs the extra ``ocr``; nothing outside imports it unless asked to.

paper (even, upright) → rules → lattice → ink → cells, each empty, a figure (digits) or words → items.
"""
