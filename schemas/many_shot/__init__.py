"""Many-shot in-context learning: how far does a frozen model learn from its prompt?

A prompt is K solved examples of a task, the *shots*, and one question. The more shots, the better
the model should do; how much better, how surely, and by learning what, is what this system measures
(Agarwal et al. 2024, arXiv 2404.11018). A *curve* is one way of making prompts of a task: three
regimes (``supervised`` shows answers, ``reinforced`` shows solutions that a model wrote and a
verifier accepted, ``unsupervised`` shows questions alone), a label map and a kind of rationale. A
*shot set* is one seeded permutation of the training examples, of which K shots take the first K, so
that the curve of a seed is paired from end to end.
"""
