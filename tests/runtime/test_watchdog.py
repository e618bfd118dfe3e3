"""A process that is told silent for a minute on end is started anew; one that cannot be heard is left alone."""

import json

from chat33.runtime.watchdog import ASK_SECONDS, PATIENCE_SECONDS, Watchdog

WELL = {"database": "ok", "redis": "ok", "worker": "ok", "chores": "ok", "beat": "ok"}


def named(*answers: tuple[int, str]) -> list[list[str]]:
    """What the watchdog names when it hears these answers, each one asking interval after the last."""
    heard = iter(answers)
    dog = Watchdog(lambda: next(heard))
    return [dog.wedged(1000 + ASK_SECONDS * turn) for turn in range(len(answers))]


def readyz(**checks: str) -> tuple[int, str]:
    return (503 if checks else 200), json.dumps({"status": "", "checks": WELL | checks})


TURNS = int(PATIENCE_SECONDS / ASK_SECONDS)


def test_a_silent_worker_is_named_once_its_time_is_over_and_then_given_the_same_time_again() -> None:
    answers = [readyz(worker="silent for 40 s")] * (2 * TURNS + 2)
    told = named(*answers)
    assert [turn for turn, names in enumerate(told) if names] == [TURNS, 2 * TURNS + 1]
    assert told[TURNS] == ["worker"]


def test_one_sign_of_life_starts_the_time_anew() -> None:
    silence = [readyz(beat="silent for 40 s")] * TURNS
    assert not any(named(*silence, readyz(), *silence))


def test_nobody_is_blamed_while_the_database_or_redis_is_away() -> None:
    assert not any(named(*[readyz(redis="not reachable", worker="silent for 40 s")] * (TURNS + 3)))


def test_whoever_answers_nobody_is_named() -> None:
    assert named(*[(0, "timed out")] * (TURNS + 1))[-1] == ["edge"]
    assert named(*[(502, "timed out")] * (TURNS + 1))[-1] == ["web"]


def test_an_answer_that_is_no_readyz_blames_nobody() -> None:
    assert not any(named(*[(500, "<h1>Server Error</h1>")] * (TURNS + 3)))


def test_it_asks_no_more_often_than_it_says() -> None:
    asked: list[tuple[int, str]] = []

    def ask() -> tuple[int, str]:
        asked.append(readyz())
        return asked[-1]

    dog = Watchdog(ask)
    for tenth in range(300):
        dog.wedged(1000 + tenth / 10)
    assert len(asked) == 30 / ASK_SECONDS
