"""What a checkup asks of Azure before any long night; :mod:`auditor.checkup` tells its story.

In this order: ``reach`` the endpoints, ``sign_in``, then ``probe``: it asks for ``rights`` and puts small
``questions``. ``answers`` says what came of them.
"""
