"""Copies of the application's data, so that what is proven on them harms nobody."""

from surefoot.toolbox.data.copies import Copies, copies

__all__ = ["Copies", "copies"]
