"""Whether a route's answers are the same for everybody: asked as nobody, and as several users."""

from __future__ import annotations

from surefoot.toolbox.everybody.ask import same_for_everybody

__all__ = ["same_for_everybody"]
