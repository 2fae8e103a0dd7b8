"""Personality: does a language model answer a personality test as one consistent respondent would?

**What is measured.** A simulated participant is one prompt frame: a biography, an item instruction
and a wording of the answer scale. A model answers every item of every questionnaire under every
frame, each in its own context. Rows are participants, columns are items: the matrix is examined as
human survey data is, for reliability, convergent, discriminant and criterion validity; then trait
adjectives are put into the frame, and the scores must follow them.

**What is not.** A score describes a model together with a prompt frame. It is no statement about a
person and none about an inner life.

**Source.** Serapio-García, Safdari et al., "A psychometric framework for evaluating and shaping
personality traits in large language models", arXiv 2307.00184. Biographies and sentences are our
own, in the structure that the paper describes; adjectives and item texts carry their licence.

=================  ============================================================================
experiment         frames
=================  ============================================================================
validity           no trait named; biographies x instructions x postambles; all instruments
single             one trait at a level of 1 to 9, biography behind it; one instrument
concurrent         all five traits at once, each low or high; one instrument
reversed_options   validity frames with the anchors of the answer scale listed from the top down
=================  ============================================================================

**Files.** `pipelines/personality/dataset.py` builds the prompts,
`evaluators/personality/evaluate` asks the models, `evaluators/personality/report.py` makes
statistics and the report.
"""
