"""A worker that is killed right after the mail server took an e-mail: it is sent again, under the Message-ID it had."""

from collections.abc import Iterator

import pytest
import requests

from tests.faults.plant import Plant, running_plant
from tests.mailserver import MailServer, running
from tests.ports import free_port

pytestmark = pytest.mark.fault


@pytest.fixture(scope="module")
def mail() -> Iterator[MailServer]:
    """A mail server."""
    with running(MailServer()) as server:
        yield server


@pytest.fixture(scope="module")
def mailing(mail: MailServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """A whole Chat33 that sends its e-mails there."""
    url = f"smtp://127.0.0.1:{mail.port}"
    with running_plant(tmp_path_factory.mktemp("plant"), free_port(), {}, CHAT33_EMAIL_URL=url) as plant:
        yield plant


def ask_for_a_password(plant: Plant, email: str) -> None:
    session = requests.Session()
    session.get(f"{plant.url}/accounts/password/reset/", timeout=10)
    form = {"email": email, "csrfmiddlewaretoken": session.cookies["csrftoken"]}
    reply = session.post(f"{plant.url}/accounts/password/reset/", form, timeout=10)
    assert reply.status_code == 200, reply.text


def test_an_email_outlives_the_worker_that_was_sending_it(mailing: Plant, mail: MailServer) -> None:
    mailing.arm("email_taken")
    ask_for_a_password(mailing, "demo@chat33.example")

    mailing.wait(lambda: "email_taken" not in mailing.armed(), seconds=30, what="a worker to be killed")
    mailing.wait(lambda: len(mail.taken) == 2, seconds=120, what="the e-mail to be sent again")

    first, second = mail.taken
    assert first["Message-ID"] == second["Message-ID"]
    unsettled = "SELECT count(*) FROM orgs_outgoingemail WHERE due_at IS NOT NULL OR text <> ''"
    mailing.wait(lambda: mailing.rows(unsettled) == [(0,)], seconds=10, what="the e-mail to be settled")
    assert len(mail.taken) == 2
