"""The library by hand: uploading with progress, in front of errors, by dropping and pasting; choosing; the picker."""

from typing import Any

import pytest
from playwright.sync_api import APIResponse, Page, Request, Route, expect

from posts.models import Media
from tests.browser.axe import violations
from tests.browser.conftest import Visits
from tests.library.files import furnish, large_jpeg, make_media
from tests.media_files import jpeg, mp4
from tests.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# As a page that uses the picker or the upload: what they tell is written down.
LISTEN = """() => {
    window.told = [];
    for (const name of ["media-picked", "media-uploaded"]) {
        document.addEventListener(name, (event) => window.told.push([name, event.detail]));
    }
}"""
GIVE = """([how, selector, name, type, bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], name, {type}));
    const given = how === "paste"
        ? new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true})
        : new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true});
    document.querySelector(selector).dispatchEvent(given);
}"""


def picture(name: str, body: bytes = b"", kind: str = "image/jpeg") -> Any:
    return {"name": name, "mimeType": kind, "buffer": body or jpeg(300, 200)}


def test_files_are_uploaded_together_and_appear_in_the_library(owner: Person, visit: Visits) -> None:
    page = visit(owner).open("/library/")
    expect(page.get_by_text("No files yet")).to_be_visible()
    page.evaluate(LISTEN)
    names = ["large.jpg", "film.mp4", "קפה.jpg", "<b>bold.jpg"]
    files = [picture(names[0], large_jpeg()), picture(names[1], mp4(seconds=1), "video/mp4"), *map(picture, names[2:])]
    page.set_input_files("media-upload input", files)

    for name in ("large.jpg", "film.mp4", "קפה.jpg", "bbold.jpg"):
        expect(page.locator(".file-name", has_text=name)).to_be_visible()
    expect(page.locator(".upload")).to_have_count(0)
    told = {detail["name"]: detail for what, detail in page.evaluate("window.told") if what == "media-uploaded"}
    stored = {media.name: media for media in Media.objects.filter(variant_of=None)}
    assert {name: (detail["id"], detail["kind"]) for name, detail in told.items()} == {
        name: (media.public_id, media.kind) for name, media in stored.items()
    }


def test_what_is_uploaded_while_the_shelf_comes_is_on_it_too(owner: Person, visit: Visits) -> None:
    page = visit(owner).open("/library/")
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        if held or "hx-request" not in route.request.headers:
            route.continue_()
        else:
            held.append((route, route.fetch()))

    page.route("**/library/", hold)
    page.set_input_files("media-upload input", picture("first.jpg"))
    while not held:
        page.wait_for_timeout(10)
    page.set_input_files("media-upload input", picture("second.jpg"))
    expect(page.locator(".upload")).to_have_count(0)
    ((route, answer),) = held
    route.fulfill(response=answer)

    for name in ("first.jpg", "second.jpg"):
        expect(page.locator(".file-name", has_text=name)).to_be_visible()


def test_progress_is_shown_and_an_upload_that_broke_is_tried_again(owner: Person, visit: Visits) -> None:
    here = visit(owner)
    page = here.open("/library/")
    tries: list[Request] = []

    def answer(route: Route) -> None:
        tries.append(route.request)
        if len(tries) == 1:
            route.abort("connectionreset")
        elif len(tries) == 2:
            route.fulfill(status=503, json={"message": "Wait."}, headers={"Retry-After": "0.1"})
        else:
            route.continue_()

    page.route("**/library/upload/**", answer)
    page.set_input_files("media-upload input", picture("cup.jpg"))
    row = page.locator(".upload")
    expect(row).to_contain_text("The connection was lost. Try again.")
    expect(page.locator("media-upload [role=status]")).to_contain_text("cup.jpg: The connection was lost")
    assert violations(page) == []
    again = page.get_by_role("button", name="Try again: cup.jpg")
    again.focus()
    page.keyboard.press("Enter")

    expect(page.locator(".file-name", has_text="cup.jpg")).to_be_visible()
    assert len(tries) == 3
    assert Media.objects.count() == 1


def test_what_does_not_fit_is_told_at_the_file_and_the_others_go_on(owner: Person, visit: Visits) -> None:
    page = visit(owner).open("/library/")
    files = [
        picture("drawing.svg", b"<svg><script>alert(1)</script></svg>", "image/svg+xml"),
        picture("claims.jpg", b"PK\x03\x04 not a picture"),
        picture("empty.jpg", b""),
        picture("good.jpg"),
    ]
    files[2]["buffer"] = b""
    page.set_input_files("media-upload input", files)

    expect(page.locator(".file-name", has_text="good.jpg")).to_be_visible()
    for name, words in (("drawing.svg", "no picture or video we know"), ("claims.jpg", "no picture or video we know"),
                        ("empty.jpg", "The file is empty")):  # fmt: skip
        expect(page.locator(".upload", has_text=name)).to_contain_text(words)
    page.evaluate("document.querySelector('media-upload').dataset.maxImage = 100")
    page.set_input_files("media-upload input", picture("huge.jpg"))
    expect(page.locator(".upload", has_text="huge.jpg")).to_contain_text("larger than")
    page.get_by_role("button", name="Take huge.jpg off the list").click()
    expect(page.locator(".upload", has_text="huge.jpg")).to_have_count(0)


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_files_may_be_dropped_and_pasted(owner: Person, visit: Visits, how: str) -> None:
    page = visit(owner).open("/library/")
    page.evaluate(GIVE, [how, "#main", "given.jpg", "image/jpeg", list(jpeg(64, 64))])

    expect(page.locator(".file-name", has_text="given.jpg")).to_be_visible()


def test_a_session_that_ended_is_said_and_the_file_waits(owner: Person, visit: Visits) -> None:
    here = visit(owner)
    page = here.open("/library/")
    session = here.context.cookies()
    here.context.clear_cookies(name="sessionid")
    page.set_input_files("media-upload input", picture("cup.jpg"))
    expect(page.get_by_role("dialog", name="You have been logged out")).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    here.context.add_cookies(session)  # type: ignore[arg-type]  # as they were given
    page.get_by_role("button", name="Try again: cup.jpg").click()

    expect(page.locator(".file-name", has_text="cup.jpg")).to_be_visible()


def test_files_are_chosen_by_keyboard_tagged_and_deleted(owner: Person, visit: Visits) -> None:
    furnish(owner)
    here = visit(owner)
    page = here.open("/library/?kind=image")
    page.get_by_label("Choose team.jpg").focus()
    page.keyboard.press("Space")
    page.get_by_label("Choose latte-art.jpg").click(modifiers=["Shift"])
    expect(page.locator(".chosen-count")).to_have_text("3 chosen")
    page.set_input_files("media-upload input", picture("meanwhile.jpg"))
    expect(page.locator(".file-name", has_text="meanwhile.jpg")).to_be_visible()
    expect(page.locator(".chosen-count")).to_have_text("3 chosen")
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_label("Tags to add").fill("winter, new")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Tagged 3 files.")).to_be_visible()
    page.wait_for_load_state()  # the dialog needs its script
    assert page.url.endswith("?kind=image")

    page.get_by_label("Choose new-beans.jpg").check()
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog", name="Delete files")
    expect(dialog.get_by_text("These posts would fail without it")).to_be_visible()
    assert violations(page) == []
    dialog.get_by_role("button", name="Delete anyway").click()
    expect(page.get_by_text("Deleted 1 file.")).to_be_visible()
    assert not Media.objects.filter(name="new-beans.jpg").exists()
    assert here.wrong == []


class TestPicker:
    """What another page opens to choose from."""

    @pytest.fixture
    def page(self, owner: Person, visit: Visits) -> Page:
        furnish(owner)
        for number in range(30):
            make_media(owner.organization, name=f"other-{number:02}.jpg", body=jpeg(64, 64), width=64, height=64)
        page = visit(owner).open("/library/")
        page.evaluate(LISTEN)
        page.evaluate("""async () => {
            await import("/static/posts/media-picker.js");
            const button = document.createElement("button");
            button.id = "opener";
            button.textContent = "From the library";
            button.setAttribute("hx-get", "/library/picker/");
            button.setAttribute("hx-target", "body");
            button.setAttribute("hx-swap", "beforeend");
            document.querySelector("#main").prepend(button);
            htmx.process(button);
        }""")
        return page

    def test_several_are_chosen_across_searches_and_pages_by_keyboard_alone(self, page: Page) -> None:
        page.focus("#opener")
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Choose from the library")
        expect(dialog).to_be_visible()
        assert violations(page) == []
        expect(dialog.get_by_label("Search files")).to_be_focused()
        with page.expect_response("**/library/picker/?q=latte&**"):  # a slow hand finds some with fewer letters before
            page.keyboard.type("latte")
        expect(dialog.locator(".htmx-request")).to_have_count(0)
        expect(dialog.locator(".file")).to_have_count(1)
        dialog.get_by_role("checkbox", name="latte-art.jpg").focus()
        page.keyboard.press("Space")
        dialog.get_by_label("Search files").fill("")
        dialog.get_by_role("button", name="Older").press("Enter")
        dialog.get_by_role("checkbox", name="team.jpg").press("Space")
        expect(dialog.get_by_role("checkbox", name="latte-art.jpg")).to_be_checked()
        dialog.get_by_role("button", name="Add 2 files").press("Enter")

        expect(page.locator("media-picker")).to_have_count(0)
        expect(page.locator("#opener")).to_be_focused()
        told = [detail for what, detail in page.evaluate("window.told") if what == "media-picked"]
        assert [(one["name"], one["kind"], one["alt"]) for one in told] == [
            ("latte-art.jpg", "image", "A cup of coffee with a leaf of foam"),
            ("team.jpg", "image", "Five people in front of a shop"),
        ]
        assert [one["id"] for one in told] == [
            Media.objects.get(name=name).public_id for name in ("latte-art.jpg", "team.jpg")
        ]
        assert all("/media/" in one["url"] for one in told)

    def test_what_is_uploaded_in_it_is_chosen_and_escape_chooses_nothing(self, page: Page) -> None:
        page.click("#opener")
        dialog = page.get_by_role("dialog", name="Choose from the library")
        dialog.locator("input[type=file]").set_input_files(picture("fresh.jpg"))
        expect(dialog.get_by_role("checkbox", name="fresh.jpg")).to_be_checked()
        expect(dialog.locator(".picker-count")).to_have_text("1 chosen")
        page.keyboard.press("Escape")

        expect(page.locator("media-picker")).to_have_count(0)
        assert [what for what, _ in page.evaluate("window.told")] == ["media-uploaded"]
        assert Media.objects.filter(name="fresh.jpg").count() == 1

    def test_what_is_dropped_on_it_is_uploaded_once(self, page: Page) -> None:
        page.click("#opener")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.evaluate(GIVE, ["drop", ".picker .shelf", "given.jpg", "image/jpeg", list(jpeg(64, 64))])

        expect(page.get_by_role("dialog").get_by_role("checkbox", name="given.jpg")).to_be_checked()
        assert Media.objects.filter(name="given.jpg").count() == 1
