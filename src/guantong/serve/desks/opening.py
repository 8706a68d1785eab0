"""How does what was found here become a case? A report with an owner and a deadline, at once."""

from typing import Final

from guantong import rules, watch
from guantong.clock import day_in_china
from guantong.ledger import StatementType
from guantong.serve.desks.office import Office
from guantong.serve.made import Made
from guantong.serve.people.person import Person
from guantong.watch import Report, State, Step

DEADLINE_DAYS: Final = 10
"""Working days until such a case should be settled."""


async def open_case(office: Office, report: Report, person: Person) -> None:
    """Make a case of a report, owned by the person. Raises WatchError when it is none."""
    watch.check_report(report)
    today = day_in_china(office.desk.clock.now_ms())
    until = rules.on(today).workdays.after(today, DEADLINE_DAYS).day.isoformat()
    step = Step(report.id, State.TAKEN, person.account.login, deadline=until)
    await office.enter(Made.of(StatementType.CASE, report, watch.MEDIA), person)
    await office.enter(Made.of(StatementType.CASE, step, watch.STEP_MEDIA), person)
