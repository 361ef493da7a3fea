"""`make eval-guards`: what the detectors find, what they miss, and what they cost."""
