"""A built dataset as a folder that others can load, check and cite.

Shards are copied byte for byte, manifests without private paths; a card, Croissant metadata and
SHA256SUMS are made from them. Nothing enters that the dataset does not say of itself, so two
publications are equal.
"""
