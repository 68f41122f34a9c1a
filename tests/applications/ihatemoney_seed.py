"""Fills ihatemoney's database through its own models: 4 projects, 12 persons and 150 bills each."""

import datetime as dt
import random

from ihatemoney.models import Bill, Person, Project, db
from ihatemoney.run import create_app
from werkzeug.security import generate_password_hash

chance = random.Random(1)
app = create_app()
with app.app_context():
    db.create_all()
    for number in range(4):
        project = Project(
            id=f"house{number}",
            name=f"house{number}",
            # A cheap hash, so that logging in does not dominate.
            password=generate_password_hash("open", method="pbkdf2:sha256:1000"),
            contact_email="house@example.org",
            default_currency="XXX",
        )
        db.session.add(project)
        people = [Person(name=f"person {n}", weight=1, project=project) for n in range(12)]
        db.session.add_all(people)
        db.session.flush()
        for n in range(150):
            bill = Bill(
                amount=round(chance.uniform(1, 99), 2),
                date=dt.date(2026, 1, 1) + dt.timedelta(days=n % 300),
                external_link="",
                original_currency="XXX",
                owers=chance.sample(people, 5),
                payer_id=chance.choice(people).id,
                project_default_currency="XXX",
                what=f"bill {n}",
                bill_type="Expense",
            )
            db.session.add(bill)
        db.session.commit()
    print(db.session.query(Bill).count())
