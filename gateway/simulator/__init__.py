"""A simulated upstream: speaks the vendors' APIs, answers from the request alone, and misbehaves as a script says."""
