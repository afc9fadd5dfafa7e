"""Ways out of the output folder, one file for each. A letter is delivered, or kept until it can be.

Whoever hands over a letter gets a receipt for each recipient, and a sentence for whatever did not arrive; nothing that
a server says or does ends the night.
"""

from auditor.deliver.checkup import mail_servers
from auditor.deliver.office import PostOffice, outbox_of
from auditor.deliver.outbox import Outbox

__all__ = ["Outbox", "PostOffice", "mail_servers", "outbox_of"]
