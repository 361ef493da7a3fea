"""`python -m tests.bench`: what the gateway costs beside doing nothing, beside nginx, and beside other gateways."""
