"""ElasticTok: how many tokens does a piece of video deserve?

An autoencoder writes each *block* of frames as at most K latent tokens, of which any first n are a
code: the more tokens, the smaller the error. In training n is drawn anew for every block; later
one asks for a number of tokens, or for an error and gets the fewest tokens that reach it (Yan et
al. 2024, arXiv 2410.08368). This system builds blocks from videos, pictures, games and moving
digits, trains elastic and fixed tokenizers, and measures what adaptive lengths save.

A *sequence* is N blocks in a row; a block sees itself and the blocks before it. A *search* finds
the number of tokens of a block for a *threshold* on its mean squared error, which is that of pixels
on the scale -1..1 throughout.
"""
