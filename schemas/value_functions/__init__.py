"""Value functions: is a value better learned by regression or by classification?

The same network is trained with seven losses on the same targets, in the same batches, from the
same beginnings, each loss with its own learning rate from one grid: squared error, Huber, squared
error of the mean of a softmax, and cross-entropy to one-hot, two-hot, HL-Gauss and C51 targets
(Farebrother et al. 2024, arXiv 2403.03950). Targets are given (a table of one's own, digits whose
labels shift, chess moves as Stockfish values them) or bootstrapped (a chain whose values are known,
MinAtar, Wordle). Every sentence about a loss is a difference to squared error on the same items
under the same seeds, with an interval over both.
"""
