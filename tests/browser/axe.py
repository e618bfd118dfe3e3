"""axe-core on a page: WCAG 2.0 to 2.2, levels A and AA."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SOURCE = (Path(__file__).parent / "vendor/axe-core/4.14.1/axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


# Colors that fade from one to another are told when they have arrived.
AT_REST = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => Promise.race([
    Promise.all(document.getAnimations().map(animation => animation.finished.catch(() => null))),
    new Promise(later => setTimeout(later, 500)),
]).then(() => done()))))"""


def violations(page: Page) -> list[str]:
    """What axe complains of, one line an element; elements are brought to rest first."""
    page.evaluate(AT_REST)
    page.evaluate(SOURCE)
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}}).then(result => result.violations)", TAGS
    )
    return [_told(rule, node) for rule in found for node in rule["nodes"]]


def _told(rule: dict[str, Any], node: dict[str, Any]) -> str:
    why = (node.get("failureSummary") or "").splitlines()[-1:]
    return f"{rule['id']} ({rule['impact']}): {node['target']} — {' '.join(why).strip()}"
