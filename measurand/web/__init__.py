"""Web pages that agents act on: one local server, browsers on own threads, elements by number.

A system has a :class:`~measurand.web.server.Site` that answers requests. ``browser.lent(site)``
lends an owner; work for the browser goes to ``owner.call`` and gets a ``Session``, on whose page a
``View`` looks and acts. Every request of the browser goes to the one ``Server``, which asks the
site and refuses everything else. ``View.observe`` gives an
``Observation``; pictures become film strips in ``film``. ``chromium`` finds, starts and counts the
programs. No module here knows a task.
"""
