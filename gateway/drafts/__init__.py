"""Policies that somebody is writing: what is asked about them, and who is asked. Whoever answers is `gateway.drafting`."""
