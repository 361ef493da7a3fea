"""Answers that were paid for once, given again: to whom they may be given, and as the dialects write them."""
