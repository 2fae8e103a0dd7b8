"""Guided evolution: does a discriminator, trained as a search goes on, save evaluations?

A search looks for a program (a formula, an architecture, an optimiser) by changing programs that it
has and measuring what comes out. Guided evolution asks a classifier first whether the child will
beat its parent (Co-Reyes et al. 2024, arXiv 2402.05821). Every search here counts its evaluations
in the same way, and refuses what it has measured before.
"""
