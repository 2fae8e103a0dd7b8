"""Soft preference labels: does a policy learn more from how sure a preference is than from who won?

A *pair* is one prompt with two responses and a label p, the probability that the first is
preferred. Labels come from many human raters, from votes, from a preference model that is known, or
from a language model that judges the pair in both orders. Policies are trained on them by the DPO
family, with and without geometric averaging (Furuta et al. 2024, arXiv 2409.06691), and then
measured: on held-out pairs, against the labels, and by what they write. Every judge is an
instrument: its position bias, its consistency and its agreement with people come first.
"""
