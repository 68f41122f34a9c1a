"""What the hooks' contract runs of Django's ORM, in a process of its own."""

from __future__ import annotations


def orm(engine="sqlite3", url=""):
    """Rows that are asked for one by one, on the connection of the engine's own driver."""
    from urllib.parse import urlsplit

    import django
    from django.conf import settings

    place = urlsplit(url)
    told = {"USER": place.username, "HOST": place.hostname, "PORT": place.port} if url else {}
    database = {"ENGINE": f"django.db.backends.{engine}", "NAME": place.path[1:] or ":memory:"}
    settings.configure(DATABASES={"default": {**database, **told}})
    django.setup()
    from django.db import connection, models

    class Book(models.Model):
        title = models.TextField()

        class Meta:
            app_label = "shop"
            db_table = "orm_book"

    with connection.schema_editor() as editor:
        editor.create_model(Book)
    Book.objects.bulk_create(Book(id=number, title=f"t{number}") for number in range(3))
    found = [Book.objects.get(id=number).title for number in range(3)]
    with connection.schema_editor() as editor:
        editor.delete_model(Book)
    connection.close()
    return found


def psycopg3(url):
    return orm("postgresql", url)


def psycopg2(url):
    import sys

    # Django takes psycopg 3 wherever there is one.
    sys.modules["psycopg"] = None
    return orm("postgresql", url)
