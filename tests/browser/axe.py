"""axe-core on a page: WCAG 2.0 to 2.2, levels A and AA."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SOURCE = (Path(__file__).parent / "vendor/axe-core/4.14.1/axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


# Colors that fade from one to another are told where they arrive, and those that move because of it too; what lasts longer
# than half a second is told as it is.
AT_REST = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
    const moving = () => document.getAnimations().filter(animation =>
        animation.playState === 'running' && animation.effect.getComputedTiming().endTime <= 500);
    for (let round = 0; round < 10 && moving().length; round++) moving().forEach(animation => animation.finish());
    done();
})))"""

COLOR_RULES = ("color-contrast", "link-in-text-block")
"""The rules of axe that read colors; all others read the document, its layout and what is visible of it."""

# What those others read: the document, and of each element where it is, whether it is seen, and what it may do.
_SHAPE = """() => [document.documentElement.outerHTML, document.documentElement.scrollWidth].concat(
    [...document.querySelectorAll('body *')].map(element => {
        const box = element.getBoundingClientRect(), style = getComputedStyle(element);
        return [box.x, box.y, box.width, box.height, element.checkVisibility(), style.visibility, style.overflow,
                style.fontSize, style.fontWeight, style.pointerEvents, style.zIndex, style.transform].join();
    })).join('\\n')"""

# Of what passes nothing is told, so axe need not write it down.
_RUN = "only => axe.run(document, {runOnly: only, resultTypes: ['violations']}).then(result => result.violations)"


def shape(page: Page) -> str:
    """All of a page at rest that is not color: two that are the same differ for ``COLOR_RULES`` alone."""
    page.evaluate(AT_REST)
    return str(page.evaluate(_SHAPE))


def violations(page: Page, *, rules: Sequence[str] = ()) -> list[str]:
    """What axe complains of, one line an element; elements are brought to rest first. ``rules``: of these alone."""
    page.evaluate(AT_REST)
    if not page.evaluate("'axe' in window"):
        page.evaluate(SOURCE)
    found = page.evaluate(_RUN, {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS})
    return [_told(rule, node) for rule in found for node in rule["nodes"]]


def _told(rule: dict[str, Any], node: dict[str, Any]) -> str:
    why = (node.get("failureSummary") or "").splitlines()[-1:]
    return f"{rule['id']} ({rule['impact']}): {node['target']} — {' '.join(why).strip()}"
