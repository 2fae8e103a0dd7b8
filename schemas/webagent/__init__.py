"""WebAgent: plan the next step, point at what it needs, write a program that does it.

An *episode* is one agent's attempt at one *instruction* ("find a two-bedroom flat ... and write to
its agent") on one of three local *sites*: real estate, forum, map. At every step a planner reads
the instruction, what was done so far and the page's HTML, and gives the next *sub-instruction* with
the numbers of the elements that it needs (`data-ref`); the *snippet* around these is cut out of the
page, and a writer turns both into a Python program against Selenium's WebDriver, which runs in a
sandbox (Gur et al. 2023, arXiv 2307.12856). A checker reads the state on the server alone: every
attribute asked for must hold, and nothing else may have changed. What is measured is success, the
share of attributes met, and what planner and summariser are worth, paired by instruction.
"""
