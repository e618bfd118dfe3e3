"""A database that does not answer is let go of, and the process that asked it lives on."""

import os
import subprocess
import sys
import time

import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from chat33.runtime.layout import ROOT
from tracking.edge.config import conninfo

LET_GO = """
import asyncio, os, sys, time
import psycopg, uvloop
from tracking.edge.line import abandon

async def main():
    for turns in (1, 1, 2, 3):  # of the loop between asking and letting go; in the first nobody listens to the socket yet
        asked = await psycopg.AsyncConnection.connect(os.environ["WHERE"], autocommit=True, prepare_threshold=0)
        asking = asyncio.ensure_future(asked.execute("SELECT pg_sleep(60)"))
        for _ in range(turns):
            await asyncio.sleep(0)
        began = time.monotonic()
        abandon(asked, asking)
        await asyncio.wait({asking}, timeout=20)
        assert asking.done() and time.monotonic() - began < 10
        await asked.close()
        another = await psycopg.AsyncConnection.connect(os.environ["WHERE"], autocommit=True)
        await another.execute("SELECT 1")
        await another.close()

uvloop.run(main())
"""


@pytest.mark.django_db
def test_a_database_that_hangs_does_not_take_the_process_with_it() -> None:
    """In a process of its own: what goes wrong here ends it with SIGABRT."""
    where = make_conninfo(conninfo(connection.settings_dict), connect_timeout=20)  # which a busy machine may need
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LET_GO],
        cwd=ROOT, env={**os.environ, "WHERE": where}, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert time.monotonic() - began < 50  # not the minute for which it was asked to sleep
