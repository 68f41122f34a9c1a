"""What a Tornado application keeps in one process is found under its own server."""

from __future__ import annotations

APPLICATION = {
    "app.py": """
        from tornado.web import Application, RequestHandler

        COUNTS = []

        class Count(RequestHandler):
            async def get(self):
                COUNTS.append(1)
                self.write(str(len(COUNTS)))

        class Plain(RequestHandler):
            def get(self, number):
                self.write(number)

        def make_app():
            return Application([("/count", Count), (r"/plain/([0-9]+)", Plain)])
        """,
}


def test_what_handlers_keep_is_found_with_its_line(check):
    report = check(APPLICATION, {"request": [{"path": "/count"}]})
    lines = APPLICATION["app.py"].splitlines()
    line = next(number for number, text in enumerate(lines, 1) if "COUNTS.append" in text)
    assert [(each.file, each.line, each.route) for each in report.findings] == [
        ("app.py", line, "GET /count")
    ]


def test_handlers_that_keep_nothing_are_safe(check):
    assert check(APPLICATION, {"request": [{"path": "/plain/{1..9}"}]}).safe
