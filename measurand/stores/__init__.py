"""Datasets in object stores: whole at every moment, checked on their way out and in.

``address`` reads a URL, ``generations`` publishes a folder there and fetches it, ``staging`` lets
the verbs work in folders of this machine.
"""

from measurand.stores.address import is_url, place, shown
from measurand.stores.generations import fetch, publish
from measurand.stores.staging import problems, sources, target

__all__ = [
    "fetch",
    "is_url",
    "place",
    "problems",
    "publish",
    "shown",
    "sources",
    "target",
]
