"""Whether requests that run at the same time are answered like one after the other."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Together"]


@dataclass(frozen=True, slots=True)
class Together:
    """What the same requests were answered alone, and with others beside them."""

    population: int
    """Requests that were in flight."""
    compared: int = 0
    differing: int = 0
    """Answers that none of these requests got when it was alone."""
    failed: int = 0
    """Answers of 500, where no request alone had one."""
    example: str = ""

    @property
    def safe(self) -> bool:
        """Whether nothing was seen that speaks against it."""
        return not self.differing and not self.failed

    def __str__(self) -> str:
        if not self.compared:
            return "not compared"
        at = f"with {self.population} requests at a time"
        if self.safe:
            return f"{at} the same answers as one by one ({self.compared} compared)"
        wrong = f"{self.differing} of {self.compared} answers are wrong" if self.differing else ""
        failed = f"{self.failed} requests end in 500" if self.failed else ""
        seen = " and ".join(text for text in (wrong, failed) if text)
        return f"{at} {seen}, and none is one by one{f': {self.example}' if self.example else ''}"
