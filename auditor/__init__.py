"""A read-only audit of Azure virtual machine extensions, made every night or by hand.

Start at :mod:`auditor.nightly`, which tells one night from beginning to end; each folder beside it is one stage.
"""

__version__ = "0.1.0"
