"""The command bar's search: as quick among many posts as among few?

Floor: the same request finding nothing to look for. Naive: the text looked for in all of the organization's posts.
"""

from chat33.orgs.models import Role
from chat33.runtime.layout import Layout
from posts.models import Post
from tests.benchmarks import rows
from tests.benchmarks.figures import Report, median, milliseconds
from tests.factories import make_channel, make_member, make_organization, make_post
from tests.people import Client, Person

FEW, MANY = 1_000, 100_000
MOST = 50  # ms
NOWHERE = "words that no post has in it"


def measure(layout: Layout) -> Report:
    """Needs PostgreSQL alone."""
    report = Report(f"Command bar: {MANY:,} posts")
    organization = make_organization(name="Searching")
    person = Person(make_member(organization, Role.OWNER), organization, "")
    text = "An ordinary text of some length, as people write them for X. " * 2
    template = make_post(make_channel(organization, "x"), text=text)
    browser = person.browser()
    rows.copies(template, FEW)
    rows.settle()
    few = _took(browser, NOWHERE)
    rows.copies(template, MANY - FEW)
    rows.settle()
    floor, many, common = _took(browser, "w"), _took(browser, NOWHERE), _took(browser, "ordinary")
    posts = Post.objects.filter(organization=organization)
    naive = median(milliseconds(lambda: list(posts.filter(text__icontains=NOWHERE)[:5]), repeat=5))
    report.goal("a search that finds nothing", many, "ms", ("an empty one", floor), (f"that among {FEW:,} posts", few),
                ("the naive query alone", naive), goal=f"{MOST} ms or less", met=many <= MOST)  # fmt: skip
    report.goal("one that finds enough", common, "ms", ("an empty one", floor), goal=f"{MOST} ms or less",
                met=common <= MOST)  # fmt: skip
    by_id = _took(browser, template.public_id)
    report.add("a post by its id", by_id, "ms", ("an empty one", floor))
    return report


def _took(browser: Client, words: str) -> float:
    return median(milliseconds(lambda: browser.get("/search/", {"q": words}), repeat=15))
