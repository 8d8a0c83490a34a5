"""Figures as pure functions: `*_figure` draws, `*_alt` says it, `*_rows` is the same as a table.

Colours stand out on light and on dark ground, and text takes the colour of the page.
"""
