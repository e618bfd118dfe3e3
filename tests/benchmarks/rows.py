"""Many rows quickly: one is made by the code that always makes them, PostgreSQL copies it."""

from django.db import connection, transaction

from posts.models import Post


def copies(template: Post, count: int, **columns: str) -> None:
    """``count`` copies of a post; ``columns`` are SQL expressions in which ``n`` counts from 1."""
    own = {"public_id": "'post_0' || right(replace(uuidv7()::text, '-', ''), 25)", **columns}
    names = [str(field.column) for field in Post._meta.concrete_fields if not field.primary_key]
    values = ", ".join(own.get(name, f"template.{name}") for name in names)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(
            f"INSERT INTO posts_post ({', '.join(names)}) "
            f"SELECT {values} FROM posts_post AS template, generate_series(1, %s) AS n WHERE template.id = %s",
            [count, template.pk],
        )


def settle() -> None:
    """Statistics and visibility as autovacuum leaves them, so that a measurement does not race with it."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("VACUUM (ANALYZE) posts_post")
        cursor.execute("RESET statement_timeout")
