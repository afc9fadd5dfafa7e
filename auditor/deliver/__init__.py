"""Ways out of the output folder, one file for each.

A letter is put into the outbox (:mod:`auditor.deliver.outbox`, where it is kept), and sent from there until it has
arrived (:mod:`auditor.deliver.office`).

Whoever hands over a letter gets a receipt for each recipient, and a sentence for whatever did not arrive; nothing that
a server says or does ends the night.
"""

from auditor.deliver.beside import Beside
from auditor.deliver.checkup import mail_servers
from auditor.deliver.office import PostOffice
from auditor.deliver.outbox import Outbox
from auditor.deliver.waiting import send_waiting

__all__ = ["Beside", "Outbox", "PostOffice", "mail_servers", "send_waiting"]
