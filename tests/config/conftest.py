"""Hypothesis without a deadline: how long an example takes is nothing a test may depend on."""

from hypothesis import settings

settings.register_profile("surefoot", deadline=None)
settings.load_profile("surefoot")
