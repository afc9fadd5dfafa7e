"""A read-only audit of Azure virtual machine extensions, made every night or by hand.

Start at :mod:`auditor.nightly`, which tells one night from beginning to end; each folder beside it is one stage, or
what stages share (``model``, ``stores``, ``disk``). How a stopped night goes on stands in :mod:`auditor.underway`, when
one is due in :mod:`auditor.schedule`, and where a letter waits in :mod:`auditor.deliver.outbox`.
"""

__version__ = "0.1.0"
