"""What a real browser recorded of a bookshop is sent again and answered alike."""

import asyncio
import json

from surefoot import config
from surefoot.toolbox.target import find_application
from surefoot.toolbox.workloads.place import Place


def recorded(browser, settings):
    """A visit of the bookshop by its links and addresses."""

    async def main():
        async with Place(settings, find_application(settings)).running(tcp=True) as address:
            return await asyncio.to_thread(visit, browser, str(address))

    return asyncio.run(main())


def visit(browser, shop):
    browser.events.clear()
    browser.visit(f"{shop}/")
    entries = browser.recorded()
    browser.click("a[href^='/search']")
    for page in ("/books/7", "/books/7/price", "/books/3/price", "/books?page=2"):
        entries += browser.recorded()
        browser.visit(shop + page)
    return {"log": {"version": "1.2", "entries": entries + browser.recorded()}}


def test_a_recorded_visit_is_answered_as_it_was(bookshop, browser, tmp_path):
    flags = {"app.target": "flask_bookshop.app:create_app()"}
    settings = config.load(bookshop.directory, flags=flags)
    file = tmp_path / "visit.har"
    file.write_text(json.dumps(recorded(browser, settings)))
    workload, _, result = bookshop("flask", "--from", str(file))
    assert {"GET /", "GET /books/7", "GET /books/7/price", "GET /books?page=2"} < set(
        workload.requests
    )
    assert workload.flows[0].session
    assert result.errors == {}
    assert result.completed >= len(workload.requests)
