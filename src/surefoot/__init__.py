"""Surefoot brings a Python web application to the load it needs, one proven step at a time.

Nothing is executed here: this file is imported in every worker of somebody else's application.
"""

__version__ = "0.1.0"

__all__ = ["__version__"]
