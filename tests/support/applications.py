"""Applications of other people and what is installed to run them; nothing of ours is among it."""

APPLICATIONS = {
    "ihatemoney": ("ihatemoney==7.2.1", "gunicorn"),
    "kinto": ("kinto[postgresql]==26.5.0", "setuptools<81", "gunicorn"),
    "pretalx": ("pretalx==2025.2.2", "gunicorn", "psycopg[binary]", "faker", "freezegun"),
}
