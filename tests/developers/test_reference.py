"""The reference: everything that the schema says, found where one looks for it."""

import re

import pytest
from django.test import Client

from chat33.api.errors import _VERBATIM, _WORDS
from chat33.dashboard.developing.reference import reference
from chat33.dashboard.reference.errors import ERRORS, error_named
from chat33.dashboard.reference.reading import Field, Page
from chat33.dashboard.reference.rendering import anchor_of, highlighted, rendered
from tests.contracts.document import document
from tests.people import Person

PAGES = reference().pages


def test_every_operation_and_the_webhook_has_its_page() -> None:
    ids = {operation["operationId"] for item in document()["paths"].values() for operation in item.values()}

    assert {page.id for page in PAGES} == ids | {"postFinished"}
    assert len({page.slug for page in PAGES}) == len(PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.slug)
def test_a_page_tells_everything(page: Page, owner: Person) -> None:
    html = owner.browser().get(f"/developers/reference/{page.slug}/").content.decode()

    for field in each_field(page):
        assert f'<code class="a-field-name">{field.name}</code>' in html
        for value in field.values:
            assert f'<code class="word">{value}</code>' in html
    for refusal in page.refusals:
        for code in refusal.codes:
            assert f'href="/developers/reference/errors/#{anchor_of(code)}"' in html
    for scope in page.scopes:
        assert scope in html
    for language in ("Python", "JavaScript") if page.is_webhook else ("curl", "Python", "JavaScript"):
        assert f">{language}</button>" in html


def each_field(page: Page) -> list[Field]:
    found = [*page.parameters, *(field for body in page.bodies for field in body.fields)]
    found += [*page.reply.fields, *page.reply.headers] if page.reply else []
    for field in found:
        found.extend(field.fields)
    return found


def test_fields_are_told_with_their_bounds() -> None:
    fields = {field.name: field for page in PAGES if page.id == "createPost" for field in page.bodies[0].fields}

    assert fields["accountIds"].required
    assert fields["accountIds"].limits == ("1 to 10 of them", "each at most 60 characters")
    assert (fields["mediaType"].type, fields["mediaType"].values) == (
        "string | null",
        ("image", "video", "reel", "carousel"),
    )
    assert fields["timezone"].default == '"UTC"'
    youtube = next(field for field in fields["platformConfig"].fields if field.name == "youtube")
    assert {"title", "privacy"} <= {field.name for field in youtube.fields}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.slug)
def test_each_page_is_there_as_text_for_everyone(page: Page) -> None:
    reply = Client().get(f"/developers/reference/{page.slug}.md")

    text = reply.content.decode()
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "text/markdown; charset=utf-8")
    assert text.startswith(f"# {page.method} {page.path}\n" if page.path else "# Webhook: postFinished\n")
    assert f"**{page.summary}**" in text
    assert "```python" in text


def test_llms_txt_leads_to_every_page() -> None:
    text = Client().get("/llms.txt").content.decode()

    addresses = re.findall(r"\]\(https?://[^/]+(/developers/reference/[^)]+\.md)\)", text)
    assert len(addresses) == len(PAGES)
    assert {Client().get(address).status_code for address in addresses} == {200}


@pytest.mark.parametrize(
    ("query", "first"),
    [("create post", "createPost"), ("callbackUrl", "createPost"), ("DELETE /posts", "deletePost"), ("retry", "retryPost"),
     ("upload", "uploadMedia"), ("webhook-id", "")],
)  # fmt: skip
def test_it_is_searched_by_words_fields_and_addresses(query: str, first: str) -> None:
    found = reference().found(query)

    assert not first or found[0].id == first
    assert found or not first


def test_a_search_is_answered_as_a_page_and_as_a_fragment(owner: Person) -> None:
    browser = owner.browser()

    assert "Retry a failed post" in browser.get("/developers/reference/?q=retry").content.decode()
    fragment = browser.get(
        "/developers/reference/?q=nonsense-word", headers={"HX-Request": "true", "HX-Target": "reference-nav"}
    ).content.decode()
    assert "Nothing of that." in fragment
    assert "<html" not in fragment
    assert "&lt;b&gt;" in browser.get("/developers/reference/?q=<b>").content.decode()


def test_every_error_code_is_explained() -> None:
    codes = {code for page in PAGES for refusal in page.refusals for code in refusal.codes}

    assert codes | set(_WORDS.values()) | _VERBATIM <= {error.code for error in ERRORS}
    assert error_named("NONSENSE") is None
    assert len({error.anchor for error in ERRORS}) == len(ERRORS)


def test_what_is_rendered_is_escaped() -> None:
    assert "<script>" not in rendered("Hello <script>alert(1)</script> [x](javascript:alert(1))")
    assert 'href="javascript:' not in rendered("[x](javascript:alert(1))")
    assert highlighted("<b>", "nonsense-language") == "&lt;b&gt;"
    assert "<b>" not in highlighted('curl "<b>"', "bash")
