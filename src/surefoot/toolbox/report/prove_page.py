"""A proof as one page to look at: no other file, no network, no script."""

from __future__ import annotations

from surefoot.core.ab import Question
from surefoot.core.proof import Verdict
from surefoot.toolbox.report import quantity, validity
from surefoot.toolbox.report.environment import render
from surefoot.toolbox.report.headline import Tile
from surefoot.toolbox.report.proof_view import ProofView, proof_view, ratio_text
from surefoot.toolbox.report.walk import gain_interval

__all__ = ["prove_page"]


def prove_page(
    verdict: Verdict,
    question: Question,
    *,
    target: str,
    variant: str,
    origin: validity.Origin | None = None,
) -> str:
    """The page, as HTML.

    Args:
        verdict: What was found.
        question: What was asked; its margins and levels are drawn.
        target: What it was proven on.
        variant: What the variant has changed, in a few words.
        origin: Where and when it was made; this machine, now, where not given.
    """
    origin = origin or validity.here()
    view = proof_view(verdict, question)
    return render(
        "prove.html.jinja",
        title=f"{target}: {view.word.lower()}",
        brand=f"proven {origin.written:%Y-%m-%d %H:%M} UTC on {origin.system}",
        heading=target,
        banners=_banners(view),
        lead=f"Variant: {variant}. {view.why[:1].upper()}{view.why[1:]}.",
        tiles=_tiles(verdict, view),
        view=view,
        notes=view.notes,
        facts=view.facts,
    )


def _banners(view: ProofView) -> list[tuple[str, str]]:
    if view.outcome == "wrong-answers":
        return [("Wrong answers", f"{view.answers} Nothing else about this change matters.")]
    return []


def _tiles(verdict: Verdict, view: ProofView) -> tuple[Tile, ...]:
    gain = gain_interval(verdict)
    big = quantity.times(gain.value) if gain else "-"
    times = "\N{MULTIPLICATION SIGN}"
    return (
        Tile("Verdict", view.word, "", f"decided on {view.decided_on}", view.why),
        Tile(
            "Gain",
            f"{times}{big}" if gain else "None measured",
            "",
            ratio_text(gain) if gain else "no pair of blocks was compared",
            "above 1 is better; the interval holds however often one looks" if gain else "",
        ),
        Tile(
            "Answers",
            f"{verdict.answers.differing:,}",
            "differ",
            f"of {verdict.answers.compared:,} compared",
        ),
    )
